import { useState } from 'preact/hooks';
import type { Job } from '../../service/v2/schema/job.js';
import { verifyBackup, type BackupKey } from '../api/operations.js';
import { formatBytes } from '../format/format.js';
import { Button } from '../parts/button.js';
import { Dialog } from '../parts/dialog.js';
import { ErrorNote } from '../parts/states.js';
import { useAction } from '../state/action.js';

export function VerifyDialog({
  backup,
  onClose,
  onDone,
}: {
  backup: BackupKey & { readonly bytes: number };
  onClose: () => void;
  onDone: (job: Job) => void;
}) {
  const [isDeep, setIsDeep] = useState(true);
  const action = useAction();
  const submit = (): void =>
    action.run(() => verifyBackup(backup, isDeep ? { deep: true } : { 'checksums-only': true }), onDone);
  return (
    <Dialog
      title="Verify backup"
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={action.isBusy}>
            Verify
          </Button>
        </>
      }
    >
      <p>
        All {formatBytes(backup.bytes)} of <strong class="break">{backup.id}</strong> are read. Nothing is changed.
      </p>
      <fieldset class="options">
        <legend class="field-label">How thoroughly</legend>
        <label class="option">
          <input type="radio" name="depth" checked={isDeep} autofocus onChange={() => setIsDeep(true)} />
          <span>
            <span class="option-title">Every record</span>
            <span class="field-hint">Compares checksums and reads each record: it can be restored.</span>
          </span>
        </label>
        <label class="option">
          <input type="radio" name="depth" checked={!isDeep} onChange={() => setIsDeep(false)} />
          <span>
            <span class="option-title">Checksums only</span>
            <span class="field-hint">Compares the bytes with what was written. Faster.</span>
          </span>
        </label>
      </fieldset>
      <ErrorNote error={action.error} />
    </Dialog>
  );
}
