import type { BackupStateName } from '../../service/v2/schema/values.js';

export type Tone = 'good' | 'warning' | 'bad' | 'active' | 'quiet';

const STATES: Readonly<Record<BackupStateName, { tone: Tone; text: string }>> = {
  STARTED: { tone: 'active', text: 'Started' },
  IN_PROGRESS: { tone: 'active', text: 'In progress' },
  COMPLETED: { tone: 'good', text: 'Complete' },
  FAILED: { tone: 'bad', text: 'Failed' },
  CANCELED: { tone: 'quiet', text: 'Canceled' },
  INCOMPLETE: { tone: 'warning', text: 'Incomplete' },
  DELETED: { tone: 'quiet', text: 'Deleted' },
};

export function Badge({ tone, children }: { tone: Tone; children: preact.ComponentChildren }) {
  return (
    <span class={`badge badge-${tone}`}>
      <span class="badge-dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** The state of a backup or a job. A state that this page does not know is shown as the service calls it. */
export function StateBadge({ state }: { state: BackupStateName }) {
  const known = (STATES as Readonly<Record<string, { tone: Tone; text: string } | undefined>>)[state];
  return <Badge tone={known?.tone ?? 'quiet'}>{known?.text ?? state}</Badge>;
}
