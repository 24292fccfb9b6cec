import { useState } from 'preact/hooks';
import { ApiError } from '../api/client.js';
import { deleteBackup, type BackupKey } from '../api/operations.js';
import { formatBytes, formatNames } from '../format/format.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { CheckField, TextField } from '../parts/field.js';
import { ErrorNote } from '../parts/states.js';
import { useAction } from '../state/action.js';
import { showToast } from '../state/toasts.js';

interface DeleteDialogProps {
  readonly backup: BackupKey & { readonly bytes: number; readonly dependents?: readonly string[] | undefined };
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Asks for the id: a backup does not come back. */
export function DeleteDialog({ backup, onClose, onDone }: DeleteDialogProps) {
  const { id, storage, bytes, dependents = [] } = backup;
  const [typed, setTyped] = useState('');
  const [cascade, setCascade] = useState(false);
  const action = useAction();
  const hasDependents =
    dependents.length > 0 || (action.error instanceof ApiError && action.error.code === 'has-dependents');
  const isConfirmed = typed.trim() === id;
  const submit = (): void => {
    if (!isConfirmed || action.isBusy) return;
    action.run(
      () => deleteBackup(backup, cascade),
      () => {
        showToast('success', `Backup ${id} is deleted`);
        onDone();
      },
    );
  };
  return (
    <Dialog
      title="Delete backup"
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" type="submit" disabled={!isConfirmed} isBusy={action.isBusy}>
            Delete
          </Button>
        </>
      }
    >
      <p>
        <strong class="break">{id}</strong> in {storage}, {formatBytes(bytes)}, is deleted for good.
      </p>
      {hasDependents && (
        <CheckField
          label="Also delete the backups that build on it"
          hint={
            dependents.length === 0
              ? 'They cannot be restored without this one.'
              : `${formatNames(dependents, 4)} cannot be restored without this one.`
          }
          isChecked={cascade}
          onChange={setCascade}
        />
      )}
      <TextField
        label="Type the id of the backup to confirm"
        hint={<code class="break">{id}</code>}
        value={typed}
        onInput={setTyped}
        hasFocus
        isRequired
      />
      <ErrorNote error={action.error} />
    </Dialog>
  );
}
