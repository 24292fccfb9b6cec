import { useState } from 'preact/hooks';
import { holdBackup, type BackupKey } from '../api/operations.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { ErrorNote } from '../parts/states.js';
import { useAction } from '../state/action.js';
import { showToast } from '../state/toasts.js';

export function HoldDialog({
  backup,
  onClose,
  onDone,
}: {
  backup: BackupKey;
  onClose: () => void;
  onDone: () => void;
}) {
  const [reason, setReason] = useState('');
  const action = useAction();
  const submit = (): void =>
    action.run(
      () => holdBackup(backup, reason.trim()),
      () => {
        showToast('success', `Backup ${backup.id} is held`);
        onDone();
      },
    );
  return (
    <Dialog
      title="Hold backup"
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={action.isBusy}>
            Hold
          </Button>
        </>
      }
    >
      <p>
        Neither people nor retention delete <strong class="break">{backup.id}</strong> until it is released.
      </p>
      <TextField
        label="Reason"
        hint="Shown to whoever wants to delete it. Optional."
        value={reason}
        onInput={setReason}
        hasFocus
      />
      <ErrorNote error={action.error} />
    </Dialog>
  );
}
