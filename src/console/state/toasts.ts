/** Short messages about what was done or has happened, and what only a screen reader says. */
import { signal } from '@preact/signals';

export type ToastKind = 'success' | 'warning' | 'error';

export interface Toast {
  readonly id: number;
  readonly kind: ToastKind;
  readonly text: string;
}

export const toasts = signal<readonly Toast[]>([]);
export const announcement = signal('');

const SHOWN_MS = 6000;
const MAX_SHOWN = 3;
let lastId = 0;

/** Errors stay until they are closed. */
export function showToast(kind: ToastKind, text: string): void {
  const id = ++lastId;
  toasts.value = [...toasts.peek(), { id, kind, text }].slice(-MAX_SHOWN);
  if (kind !== 'error') setTimeout(() => closeToast(id), SHOWN_MS);
}

export function closeToast(id: number): void {
  toasts.value = toasts.peek().filter((toast) => toast.id !== id);
}

export function announce(text: string): void {
  announcement.value = text;
}
