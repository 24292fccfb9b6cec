import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.js';

/**
 * Modal: the browser keeps the focus inside and closes it with Escape; then what had the focus gets it back. Enter
 * submits the form.
 */
export function Dialog({
  title,
  onClose,
  onSubmit,
  actions,
  isWide = false,
  children,
}: {
  title: string;
  onClose: () => void;
  onSubmit?: () => void;
  actions: ComponentChildren;
  isWide?: boolean;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      // An action may have removed what opened it.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      else document.querySelector<HTMLElement>('h1')?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog${isWide ? ' dialog-wide' : ''}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        class="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <header class="dialog-header">
          <h2 id={titleId}>{title}</h2>
          <Button kind="quiet" icon="close" label="Close" onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
        <footer class="dialog-footer">{actions}</footer>
      </form>
    </dialog>
  );
}
