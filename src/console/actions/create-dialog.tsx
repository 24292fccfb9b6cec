import { useState } from 'preact/hooks';
import type { Backup } from '../../service/v2/schema/backup.js';
import { createBackup, readConfig } from '../api/operations.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { SelectField, splitNames, TextField, type Choice } from '../parts/field.js';
import { ErrorNote } from '../parts/states.js';
import { useAction } from '../state/action.js';
import { useResource } from '../state/resource.js';

const TYPES = [
  { value: 'FULL', text: 'Full: everything' },
  { value: 'DIFFERENTIAL', text: 'Differential: changes since the last backup' },
  { value: 'CUMULATIVE', text: 'Cumulative: changes since the last full backup' },
] as const satisfies readonly Choice[];
type BackupType = (typeof TYPES)[number]['value'];

/** A backup without a routine. */
export function CreateDialog({
  storages,
  storage: first,
  onClose,
  onDone,
}: {
  storages: readonly string[];
  storage: string;
  onClose: () => void;
  onDone: (backup: Backup) => void;
}) {
  const [storage, setStorage] = useState(first);
  const [id, setId] = useState('');
  const [type, setType] = useState<BackupType>('FULL');
  const [cluster, setCluster] = useState('');
  const [include, setInclude] = useState('');
  const config = useResource('config', readConfig);
  const clusters = Object.keys((config.data?.['aerospike-clusters'] as object | undefined) ?? {});
  const action = useAction();
  const submit = (): void => {
    const names = splitNames(include);
    const source = cluster === '' ? clusters[0] : cluster;
    action.run(
      () =>
        createBackup(storage, {
          type,
          ...(id.trim() === '' ? {} : { id: id.trim() }),
          ...(source === undefined ? {} : { cluster: source }),
          ...(names.length === 0 ? {} : { include: names }),
        }),
      onDone,
    );
  };
  return (
    <Dialog
      title="Back up now"
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={action.isBusy}>
            Back up
          </Button>
        </>
      }
    >
      <TextField
        label="Id"
        hint="1 to 64 of a-z, 0-9, _ and -, never used before. Empty = the service makes one."
        value={id}
        onInput={setId}
        hasFocus
      />
      <div class="field-row">
        <SelectField
          label="Storage"
          value={storage}
          choices={storages.map((name) => ({ value: name, text: name }))}
          onChange={setStorage}
        />
        {clusters.length > 1 && (
          <SelectField
            label="Cluster"
            value={cluster === '' ? clusters[0]! : cluster}
            choices={clusters.map((name) => ({ value: name, text: name }))}
            onChange={setCluster}
          />
        )}
      </div>
      <SelectField label="Type" value={type} choices={TYPES} onChange={(value) => setType(value as BackupType)} />
      <TextField
        label="Only these namespaces and sets"
        hint="Such as orders or users.premium, separated by commas. Empty = everything."
        value={include}
        onInput={setInclude}
      />
      <ErrorNote error={action.error} />
    </Dialog>
  );
}
