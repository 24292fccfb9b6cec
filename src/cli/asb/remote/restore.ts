import { OptionError } from '../../../config/option-error.js';
import { mentions, optionText } from '../../../config/option-text.js';
import type { OptionValues } from '../../../config/option-values.js';
import { remoteRestoreOptions } from '../../../config/schema/catalog/remote.js';
import type { Job } from '../../../service/v2/schema/job.js';
import type { RestorePlan } from '../../../service/v2/schema/restore-backup.js';
import { formatRestoreJob, formatRestorePlan } from '../../../ui/catalog/remote.js';
import { backupPath, createRemoteCommand, followWork, formatJson, selectorTexts } from './remote-command.js';

type Values = OptionValues<typeof remoteRestoreOptions>;

const option = mentions(remoteRestoreOptions);

export const remoteRestoreCommand = createRemoteCommand({
  command: 'restore',
  summary: 'Let the service restore a backup, or the state at a time, into a cluster.',
  usage: 'STORAGE/ID|STORAGE [options]',
  operands: { min: 1, max: 1, names: ['STORAGE/ID'] },
  examples: [
    ['A backup, into namespaces that are empty:', 'asb --service http://backup:8080 restore s3/before-release'],
    [
      'The state of Tuesday noon; what would be done:',
      'asb --service http://backup:8080 restore s3 --at 2026-01-06_12:00:00 --dry-run',
    ],
    [
      'One set, beside what is there, under another name:',
      'asb --service http://backup:8080 restore s3/before-release --include test.users --rename-set test.users=users_old',
    ],
  ],
  options: remoteRestoreOptions,
  check: (values, [word = '']) => {
    if (values.has('at') !== word.includes('/')) return;
    const text = values.has('at')
      ? optionText`${option('at')} chooses the backups: give the storage alone, not STORAGE/ID`
      : optionText`Which backup? Give STORAGE/ID, or a time with ${option('at')}`;
    throw new OptionError('OPTION_CONFLICT', text);
  },
  run: async ({ values, operands, client, session }) => {
    const word = operands[0]!;
    const atMs = values.get('at');
    const path = atMs === undefined ? backupPath(word, 'restore') : `/v2/restore/${encodeURIComponent(word)}`;
    const routine = values.get('routine');
    const query = atMs === undefined ? { routine } : {};
    const body = {
      ...toRequest(values),
      ...(atMs === undefined ? {} : { time: new Date(atMs).toISOString(), routine }),
    };
    const json = values.has('json');
    if (values.has('dry-run')) {
      const plan = await client.request<RestorePlan>('POST', path, { query: { ...query, plan: true }, body });
      session.stdout(json ? formatJson(plan) : formatRestorePlan(plan));
      return;
    }
    const begun = await client.request<Job>('POST', path, { query, body });
    const work = { path: `/v2/jobs/${encodeURIComponent(begun.id)}`, waits: !values.has('no-wait') };
    await followWork(begun, { ...work, json, format: formatRestoreJob }, { client, session });
  },
});

function toRequest(values: Values): object {
  const namespaces = values.get('namespace');
  const renamed = [
    ...(values.get('rename-namespace') ?? []).map(({ from, to }) => [from, to] as const),
    ...(values.get('rename-set') ?? []).map(({ namespace, from, to }) => [`${namespace}.${from}`, to] as const),
  ];
  return {
    cluster: values.get('cluster'),
    'on-existing': values.get('on-existing'),
    include: namespaces ?? selectorTexts(values.get('include')),
    exclude: selectorTexts(values.get('exclude')),
    ...(renamed.length === 0 ? {} : { rename: Object.fromEntries(renamed) }),
    ...(values.has('allow-incomplete') ? { 'allow-incomplete': true } : {}),
  };
}
