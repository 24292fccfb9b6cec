/** A restore in two steps: what is asked for, then the plan of the service; only that has the button that restores. */
import { useState } from 'preact/hooks';
import type { Job } from '../../service/v2/schema/job.js';
import type { RestorePlan } from '../../service/v2/schema/restore-backup.js';
import {
  planRestore,
  planRestoreAtTime,
  readConfig,
  restoreAtTime,
  restoreBackup,
  type BackupKey,
} from '../api/operations.js';
import { formatLocalInput } from '../format/format.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { SelectField, splitNames, TextField } from '../parts/field.js';
import { ErrorNote } from '../parts/states.js';
import { useAction } from '../state/action.js';
import { useResource } from '../state/resource.js';
import { parseRename } from './parse-rename.js';
import { PlanView } from './plan-view.js';

/** One backup, or the state at a time. */
export type RestoreSource =
  | { readonly kind: 'backup'; readonly backup: BackupKey }
  | { readonly kind: 'time'; readonly storage: string; readonly timeMs: number; readonly routine?: string | undefined };

const ON_EXISTING = [
  { value: 'refuse', text: 'Refuse: there must be none' },
  { value: 'create-only', text: 'Leave them alone' },
  { value: 'merge', text: 'Merge bins, if the backup is newer' },
  { value: 'replace', text: 'Replace, if the backup is newer' },
  { value: 'overwrite', text: 'Overwrite always' },
] as const;
type OnExisting = (typeof ON_EXISTING)[number]['value'];

export function RestoreDialog({
  source,
  onClose,
  onDone,
}: {
  source: RestoreSource;
  onClose: () => void;
  onDone: (job: Job) => void;
}) {
  const [time, setTime] = useState(source.kind === 'time' ? formatLocalInput(source.timeMs) : '');
  const [cluster, setCluster] = useState('');
  const [onExisting, setOnExisting] = useState<OnExisting>('refuse');
  const [include, setInclude] = useState('');
  const [rename, setRename] = useState('');
  const [plan, setPlan] = useState<RestorePlan>();
  const [fault, setFault] = useState<Error>();
  const config = useResource('config', readConfig);
  const action = useAction();

  const makeRequest = () => {
    const names = splitNames(include);
    const renamed = parseRename(rename);
    return {
      'on-existing': onExisting,
      ...(cluster === '' ? {} : { cluster }),
      ...(names.length === 0 ? {} : { include: names }),
      ...(Object.keys(renamed).length === 0 ? {} : { rename: renamed }),
    };
  };
  const makeTimed = (storageRoutine: string | undefined) => ({
    time: new Date(time).toISOString(),
    ...(storageRoutine === undefined ? {} : { routine: storageRoutine }),
    ...makeRequest(),
  });
  const askPlan = (): Promise<RestorePlan> =>
    source.kind === 'backup'
      ? planRestore(source.backup, makeRequest())
      : planRestoreAtTime(source.storage, makeTimed(source.routine));
  const restore = (): Promise<Job> =>
    source.kind === 'backup'
      ? restoreBackup(source.backup, makeRequest())
      : restoreAtTime(source.storage, makeTimed(source.routine));

  const submit = (): void => {
    setFault(undefined);
    try {
      makeRequest();
    } catch (error) {
      setFault(error as Error);
      return;
    }
    if (source.kind === 'time' && Number.isNaN(Date.parse(time))) {
      setFault(new Error('The time is missing'));
      return;
    }
    if (plan === undefined) action.run(askPlan, setPlan);
    else if (plan.refusals.length === 0) action.run(restore, onDone);
  };

  const clusters = Object.keys((config.data?.['aerospike-clusters'] as object | undefined) ?? {});
  const title = source.kind === 'backup' ? 'Restore backup' : 'Restore to a moment';
  return (
    <Dialog
      title={plan === undefined ? title : 'Check the plan'}
      onClose={onClose}
      onSubmit={submit}
      isWide
      actions={
        plan === undefined ? (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" type="submit" isBusy={action.isBusy}>
              Show the plan
            </Button>
          </>
        ) : (
          <>
            <Button
              onClick={() => {
                action.clear();
                setPlan(undefined);
              }}
            >
              Back
            </Button>
            <Button kind="primary" type="submit" disabled={plan.refusals.length > 0} isBusy={action.isBusy}>
              Restore now
            </Button>
          </>
        )
      }
    >
      {plan === undefined ? (
        <>
          {source.kind === 'backup' ? (
            <p>
              <strong class="break">{source.backup.id}</strong> from {source.backup.storage}. Nothing is written before
              you have seen the plan.
            </p>
          ) : (
            <>
              <p>
                From {source.storage}
                {source.routine === undefined ? '' : `, routine ${source.routine}`}. Nothing is written before you have
                seen the plan.
              </p>
              <TextField
                label="Moment"
                type="datetime-local"
                hint={<>In your time zone. UTC: {utcText(time)}</>}
                value={time}
                onInput={setTime}
                hasFocus
                isRequired
              />
            </>
          )}
          <div class="field-row">
            <SelectField
              label="Into the cluster"
              value={cluster}
              choices={[
                { value: '', text: 'The one that was backed up' },
                ...clusters.map((name) => ({ value: name, text: name })),
              ]}
              onChange={setCluster}
            />
            <SelectField
              label="Records that exist"
              value={onExisting}
              choices={ON_EXISTING}
              onChange={(value) => setOnExisting(value as OnExisting)}
            />
          </div>
          <TextField
            label="Only these namespaces and sets"
            hint="Names in the backup, such as orders or users.premium, separated by commas. Empty = everything."
            value={include}
            onInput={setInclude}
          />
          <TextField
            label="New names"
            hint="Old and new name, such as orders = orders_check, separated by commas. Empty = the same names."
            value={rename}
            onInput={setRename}
          />
        </>
      ) : (
        <PlanView plan={plan} />
      )}
      <ErrorNote error={fault ?? action.error} />
    </Dialog>
  );
}

function utcText(local: string) {
  const timeMs = Date.parse(local);
  return Number.isNaN(timeMs) ? '–' : new Date(timeMs).toISOString().replace('.000', '');
}
