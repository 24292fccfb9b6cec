import { remoteShowOptions, remoteOptions } from '../../../config/schema/catalog/remote.js';
import type { Backup } from '../../../service/v2/schema/backup.js';
import type { StorageRanges } from '../../../service/v2/schema/runtime-state.js';
import { formatBackup, formatTimeline } from '../../../ui/catalog/remote.js';
import { backupPath, createRemoteCommand, formatJson } from './remote-command.js';

export const remoteShowCommand = createRemoteCommand({
  command: 'show',
  summary: 'Show a backup with its namespaces and partitions.',
  usage: 'STORAGE/ID [options]',
  operands: { min: 1, max: 1, names: ['STORAGE/ID'] },
  examples: [['One backup:', 'asb --service http://backup:8080 show s3/before-release']],
  options: remoteShowOptions,
  run: async ({ values, operands, client, session: { stdout } }) => {
    const query = { routine: values.get('routine') };
    const backup = await client.request<Backup>('GET', backupPath(operands[0]!), { query });
    stdout(values.has('json') ? formatJson(backup) : formatBackup(backup));
  },
});

export const remoteRangesCommand = createRemoteCommand({
  command: 'ranges',
  summary: 'Show of which moments each namespace can be restored.',
  usage: 'STORAGE [options]',
  operands: { min: 1, max: 1, names: ['STORAGE'] },
  examples: [['Of all namespaces:', 'asb --service http://backup:8080 ranges s3']],
  options: remoteOptions,
  run: async ({ values, operands, client, session: { stdout } }) => {
    const ranges = await client.request<StorageRanges>('GET', `/v2/ranges/${encodeURIComponent(operands[0]!)}`);
    stdout(values.has('json') ? formatJson(ranges) : formatTimeline(ranges));
  },
});
