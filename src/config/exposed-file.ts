/** Files with secrets that every user of the host may read. */
import { statSync } from 'node:fs';

/** Whether the permissions of a regular file let everybody read it. False for what is missing or no file. */
export function isReadableByEverybody(path: string): boolean {
  try {
    const { mode } = statSync(path);
    const isRegular = (mode & FILE_TYPE) === REGULAR;
    return isRegular && (mode & READ_BY_OTHERS) !== 0;
  } catch {
    return false;
  }
}

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const READ_BY_OTHERS = 0o004;
