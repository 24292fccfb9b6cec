/**
 * The library: `import { backup, restore, readBackup } from 'asbackup'` (docs/library.md). It ends no process, listens to
 * no signal, prints nothing, and keeps no process alive when a call has settled.
 */
export { backup } from './backup.js';
export { restore } from './restore.js';
export { readBackup } from './read-backup.js';
export type * from './settings.js';
export type * from './values.js';
export type { BackupResult } from '../backup/options.js';
export type { RestoreResult } from '../restore/options.js';
export { ToolError } from '../errors.js';
export { BackupError } from '../backup/errors.js';
export { RestoreError } from '../restore/errors.js';
export { FormatError } from '../asb/errors.js';
export { OptionError } from '../cli/option-error.js';
