/** Who works on a backup: two runs on the same files would ruin them. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { BackupState } from './state-file.js';

export function currentWriter(): NonNullable<BackupState['writer']> {
  return { pid: process.pid, host: hostname() };
}

/**
 * Whether the process that a state names is still at work, as far as can be known from here: it runs on this host, and
 * where the system tells what a process is, it is a Node.js process (its number may have passed to another since).
 */
export async function isWriterAlive(writer: BackupState['writer']): Promise<boolean> {
  if (writer === undefined || writer.host !== hostname() || writer.pid === process.pid) return false;
  try {
    process.kill(writer.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const command = await readFile(`/proc/${writer.pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || command.includes('asbackup');
}
