/** The `--machine` file around a run (asrestore.md 8.4). */
import { errorMessage, ToolError } from '../../core/errors.js';
import { errorEvent, type Log } from '../../core/log.js';
import { MachineFile } from '../../ui/machine-file.js';

export interface MachineSettings {
  machinePath?: string;
  log: Log;
  signal?: AbortSignal;
}

/**
 * Opens the file, if there is to be one, and closes it when `run` has ended, so that the last line is in it. A file that
 * cannot be written to makes the run fail, but only in the end. `what` names the run in that error.
 */
export async function withMachineFile<T>(
  { machinePath, log, signal }: MachineSettings,
  what: string,
  run: (machine: (line: string) => void) => Promise<T>,
): Promise<T> {
  if (machinePath === undefined) return run(() => undefined);
  const file = await MachineFile.open(machinePath, signal);
  let result: T;
  try {
    result = await run((line) => file.line(line));
  } catch (error) {
    await file.close().catch((failure: unknown) => log.error(errorEvent(failure)));
    throw error;
  }
  await file.close().catch((failure: unknown) => {
    const text = `${errorMessage(failure)} Nothing else went wrong: ${what} is complete.`;
    throw new ToolError('MACHINE_FILE', text, { cause: failure });
  });
  return result;
}
