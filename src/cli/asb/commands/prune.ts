import { toCatalogStorages } from '../../../config/catalog/storages.js';
import { joinMentions, mentions, optionText } from '../../../config/option-text.js';
import { pruneOptions } from '../../../config/schema/catalog/prune.js';
import { createProcessLimits } from '../../../core/run-context.js';
import { createRunId } from '../../../core/run.js';
import type { PruneConfig } from '../../../engine/catalog/prune.js';
import type { StorageRegistry } from '../../../storage/registry.js';
import type { Command } from '../../command.js';

interface PruneCommandConfig extends PruneConfig {
  json: boolean;
  storages: StorageRegistry;
}

const option = mentions(pruneOptions);

const KEEP_OPTIONS = [
  'keep-last',
  'keep-hourly',
  'keep-daily',
  'keep-weekly',
  'keep-monthly',
  'keep-yearly',
  'keep-within',
] as const;

export const pruneCommand: Command<typeof pruneOptions, PruneCommandConfig> = {
  name: 'asb prune',
  title: 'Aerospike Backup Catalog',
  summary:
    'Delete the complete backups below a directory or s3://BUCKET/PREFIX that no rule keeps. What one rule keeps is kept, and so is everything that it is based on. Backups of different namespaces are counted apart.',
  usage: 'ROOT --keep-... [options]',
  operands: { min: 1, max: 1, names: ['ROOT'] },
  examples: [
    ['What would be deleted:', 'asb prune /backups --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --dry-run'],
    [
      'Everything of the last 30 days, and at least three backups:',
      'asb prune /backups --keep-within 30d --keep-last 3',
    ],
  ],
  options: pruneOptions,
  schema: {
    name: 'asb',
    options: pruneOptions,
    constraints: [
      (values) =>
        KEEP_OPTIONS.some((name) => values.has(name))
          ? undefined
          : optionText`Without a rule, no backup would be kept. Use ${joinMentions(KEEP_OPTIONS.map(option), 'or')}`,
    ],
  },
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    root: operands[0]!,
    rules: {
      last: values.get('keep-last'),
      hourly: values.get('keep-hourly'),
      daily: values.get('keep-daily'),
      weekly: values.get('keep-weekly'),
      monthly: values.get('keep-monthly'),
      yearly: values.get('keep-yearly'),
      within: values.get('keep-within'),
      unusableAfter: values.get('remove-incomplete-after'),
    },
    dryRun: values.has('dry-run'),
    json: values.has('json'),
    storages: toCatalogStorages(values, dependencies),
  }),
  securityValues: () => undefined,
  readsStdin: () => false,
  run: async (config, { log, signal, stdout }) => {
    const { pruneBackups } = await import('../../../engine/catalog/prune.js');
    const { formatPrune, formatPruneJson, logRemoval } = await import('../../../ui/catalog/removal.js');
    const context = { runId: createRunId(), signal, limits: createProcessLimits(), emit: () => undefined };
    try {
      const result = await pruneBackups(config, context);
      stdout(config.json ? formatPruneJson(result, config.dryRun) : formatPrune(result, config.dryRun));
      logRemoval(result, log);
    } finally {
      await config.storages.close();
    }
  },
};
