import { OptionError } from '../../../config/option-error.js';
import { remoteListOptions } from '../../../config/schema/catalog/remote.js';
import type { Backup, BackupPage } from '../../../service/v2/schema/backup.js';
import { formatBackupTable } from '../../../ui/catalog/remote.js';
import { createRemoteCommand, formatJson, storagePath } from './remote-command.js';

/** Backups of one request. */
const PAGE = 1000;

export const remoteListCommand = createRemoteCommand({
  command: 'list',
  summary: 'List the backups of a storage of the service, the newest first.',
  usage: 'STORAGE [PREFIX] [options]',
  operands: { min: 1, max: 2, names: ['STORAGE'] },
  examples: [
    ['All backups of a storage:', 'asb --service http://backup:8080 list s3'],
    ['Those that are complete, for a program:', 'asb --service http://backup:8080 list s3 --state COMPLETED --json'],
  ],
  options: remoteListOptions,
  check: (_values, [, prefix = '']) => {
    if (/[^a-z0-9_*-]/.test(prefix)) throw new OptionError('OPTION_VALUE', `${prefix} is no beginning of an id`);
  },
  run: async ({ values, operands: [storage, prefix], client, session: { stdout } }) => {
    const backups: Backup[] = [];
    let after: string | undefined;
    do {
      const query = {
        prefix: prefix?.replace(/\*$/, ''),
        state: values.get('state'),
        from: values.get('from'),
        to: values.get('to'),
        routine: values.get('routine'),
        limit: PAGE,
        after,
      };
      const page: BackupPage = await client.request('GET', storagePath(storage!), { query });
      backups.push(...page.backups);
      after = page.next;
    } while (after !== undefined);
    stdout(values.has('json') ? formatJson(backups) : formatBackupTable(backups));
  },
});
