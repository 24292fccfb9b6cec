/** The time, for texts such as `5 min ago`. */
import { signal } from '@preact/signals';

const STEP_MS = 10_000;

export const now = signal(Date.now());

export function startClock(): void {
  setInterval(() => (now.value = Date.now()), STEP_MS);
}
