import { remoteBackupOptions } from '../../../config/schema/catalog/remote.js';
import type { Backup } from '../../../service/v2/schema/backup.js';
import { formatBackup } from '../../../ui/catalog/remote.js';
import { createRemoteCommand, followWork, storagePath, selectorTexts } from './remote-command.js';

export const remoteBackupCommand = createRemoteCommand({
  command: 'backup',
  summary: 'Let the service make a backup of namespaces and sets, under one id.',
  usage: 'STORAGE [options]',
  operands: { min: 1, max: 1, names: ['STORAGE'] },
  examples: [
    ['All namespaces of the only cluster:', 'asb --service http://backup:8080 backup s3'],
    [
      'Two of them, with an id:',
      'asb --service http://backup:8080 backup s3 --id before-release --include orders,users.premium',
    ],
    ['A run of a routine, now:', 'asb --service http://backup:8080 backup s3 --routine nightly'],
  ],
  options: remoteBackupOptions,
  run: async ({ values, operands, client, session }) => {
    const body = {
      id: values.get('id'),
      routine: values.get('routine'),
      cluster: values.get('cluster'),
      'backup-policy': values.get('policy'),
      type: values.get('type'),
      parent: values.get('incremental-from'),
      include: selectorTexts(values.get('include')),
      exclude: selectorTexts(values.get('exclude')),
    };
    const path = storagePath(operands[0]!);
    const begun = await client.request<Backup>('POST', path, { body });
    const { id, routine } = begun;
    const work = {
      path: `${path}/${encodeURIComponent(id)}`,
      ...(routine === undefined ? {} : { query: { routine } }),
    };
    const waits = !values.has('no-wait');
    await followWork(begun, { ...work, waits, json: values.has('json'), format: formatBackup }, { client, session });
  },
});
