/** All cases of the golden files. What is frozen in them, and what may be worded anew, is written in kinds.ts. */
import type { Case } from './case.js';
import { BACKUP_CASES } from './cases-backup.js';
import { BACKUP_FAULT_CASES } from './cases-backup-faults.js';
import { CONFIG_CASES } from './cases-config.js';
import { LOG_CASES } from './cases-logs.js';
import { OPTION_CASES } from './cases-options.js';
import { RESTORE_CASES } from './cases-restore.js';
import { RESTORE_FAULT_CASES } from './cases-restore-faults.js';
import { RESUME_CASES } from './cases-resume.js';
import { VALIDATE_CASES } from './cases-validate.js';

// The slowest first, so that none is left to the end alone.
export const CASES: readonly Case[] = [
  ...RESUME_CASES,
  ...LOG_CASES,
  ...BACKUP_FAULT_CASES,
  ...RESTORE_FAULT_CASES,
  ...BACKUP_CASES,
  ...RESTORE_CASES,
  ...VALIDATE_CASES,
  ...CONFIG_CASES,
  ...OPTION_CASES,
];
