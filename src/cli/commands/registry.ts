/** Every command. Help, man pages, completions, README lists and the sample configuration are made of this list. */
import { backupCommand } from './backup.js';
import { restoreCommand } from './restore.js';

export const commands = [backupCommand, restoreCommand] as const;
