import { announcement, closeToast, toasts } from '../state/toasts.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

const ICONS = { success: 'check', warning: 'warning', error: 'error' } as const;

export function ToastList() {
  return (
    <>
      <div class="toasts" role="region" aria-label="Messages" aria-live="polite">
        {toasts.value.map(({ id, kind, text }) => (
          <div key={id} class={`toast toast-${kind}`}>
            <Icon name={ICONS[kind]} />
            <span class="toast-text">{text}</span>
            <Button kind="quiet" icon="close" label="Close the message" isSmall onClick={() => closeToast(id)} />
          </div>
        ))}
      </div>
      <div class="hidden-text" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}
