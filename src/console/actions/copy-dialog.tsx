import { useState } from 'preact/hooks';
import type { Job } from '../../service/v2/schema/job.js';
import { copyBackup, listStorages, type BackupKey } from '../api/operations.js';
import { formatBytes } from '../format/format.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { CheckField, SelectField } from '../parts/field.js';
import { ErrorNote, Loaded } from '../parts/states.js';
import { useAction } from '../state/action.js';
import { useResource } from '../state/resource.js';

export function CopyDialog({
  backup,
  onClose,
  onDone,
}: {
  backup: BackupKey & { readonly bytes: number };
  onClose: () => void;
  onDone: (job: Job) => void;
}) {
  const storages = useResource('storages', listStorages);
  const targets = (storages.data ?? []).filter(({ name }) => name !== backup.storage);
  const [chosen, setChosen] = useState<string>();
  const [verify, setVerify] = useState(true);
  const action = useAction();
  const to = chosen ?? targets[0]?.name;
  const submit = (): void => {
    if (to !== undefined) action.run(() => copyBackup(backup, { to, verify }), onDone);
  };
  return (
    <Dialog
      title="Copy backup"
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={to === undefined} isBusy={action.isBusy}>
            Copy
          </Button>
        </>
      }
    >
      <p>
        {formatBytes(backup.bytes)} of <strong class="break">{backup.id}</strong> are copied from {backup.storage}.
      </p>
      <Loaded of={storages}>
        {() =>
          targets.length === 0 ? (
            <div class="note">There is no other storage. Add one to the configuration of the service.</div>
          ) : (
            <SelectField
              label="Copy to"
              value={to ?? ''}
              choices={targets.map(({ name, kind, root }) => ({ value: name, text: `${name} – ${kind}, ${root}` }))}
              onChange={setChosen}
            />
          )
        }
      </Loaded>
      <CheckField label="Read the copy back and compare its checksums" isChecked={verify} onChange={setVerify} />
      <ErrorNote error={action.error} />
    </Dialog>
  );
}
