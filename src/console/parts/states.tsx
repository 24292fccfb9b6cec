/** What a view shows while there is nothing to show: it waits, it failed, or there is nothing. */
import type { ComponentChildren } from 'preact';
import { ApiError, ConnectionError } from '../api/client.js';
import type { Resource } from '../state/resource.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

export function EmptyState({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <Icon name="empty" size={32} />
      <p class="state-title">{title}</p>
      {children !== undefined && <div class="state-text">{children}</div>}
    </div>
  );
}

/** Lines in place of the content; nothing for a moment, so that quick answers do not flicker. */
export function Waiting({ rows = 4 }: { rows?: number }) {
  return (
    <div class="waiting" role="status">
      <span class="hidden-text">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <span class="waiting-row" key={index} aria-hidden="true" />
      ))}
    </div>
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  forbidden: 'Your token does not have the scope for this. Sign in with another one, or ask for the scope.',
  unauthorized: 'Sign in with a valid API token.',
  busy: 'Wait until the other run has ended, or cancel it.',
  held: 'Release the hold first.',
  'has-dependents': 'Later backups build on this one. Delete them as well, or keep it.',
  'target-not-empty': 'Choose another target, or what becomes of records that exist.',
  'target-busy': 'Wait until the backup of the target namespace has ended.',
  'no-restore-point': 'Choose a time at which a backup is complete: the timeline shows them.',
  upstream: 'Check that the cluster and the storage can be reached from the service; its log has more.',
  timeout: 'The cluster or the storage did not answer in time. Try again.',
  'not-writable': 'Check that the service may write its storage and its configuration.',
  stopping: 'The service ends. Try again when it is back.',
  'too-many-requests': 'Wait a moment, then try again.',
};

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The message of an error, its code, and what can be done. */
export function ErrorText({ error }: { error: Error }) {
  const code = error instanceof ApiError ? error.code : undefined;
  const advice =
    error instanceof ConnectionError
      ? 'The page tries again by itself as soon as the service is back.'
      : code === undefined
        ? undefined
        : ADVICE[code];
  return (
    <>
      <p class="error-message">
        {capitalize(error.message)}
        {code !== undefined && <code class="error-code">{code}</code>}
      </p>
      {advice !== undefined && <p class="error-advice">{advice}</p>}
    </>
  );
}

export function ErrorState({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  return (
    <div class="state state-error" role="alert">
      <Icon name="error" size={32} />
      <div class="state-text">
        <ErrorText error={error} />
      </div>
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

/** An error above what was read before, or of an action in a dialog. */
export function ErrorNote({ error }: { error: Error | undefined }) {
  if (error === undefined) return null;
  return (
    <div class="note note-bad" role="alert">
      <Icon name="error" />
      <div>
        <ErrorText error={error} />
      </div>
    </div>
  );
}

/** What was read, with all that can be in its place. */
export function Loaded<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
  const { data, error, reload } = of;
  if (data === undefined) return error === undefined ? <Waiting /> : <ErrorState error={error} onRetry={reload} />;
  // A connection that is lost has its own place.
  const shown = error instanceof ConnectionError ? undefined : error;
  return (
    <>
      <ErrorNote error={shown} />
      {children(data)}
    </>
  );
}
