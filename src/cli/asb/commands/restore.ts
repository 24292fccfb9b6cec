import { securityValues } from '../../../config/auth/security-values.js';
import {
  type CatalogRestoreConfig,
  catalogRestoreSchema,
  toCatalogRestoreConfig,
} from '../../../config/catalog/restore-command.js';
import { catalogRestoreOptions } from '../../../config/schema/catalog/restore.js';
import { errorEvent, warningEvent } from '../../../core/log.js';
import type { NamespacePlan } from '../../../engine/catalog/restore-plan.js';
import type { CliSession, Command } from '../../command.js';

interface RestoreCommandConfig extends CatalogRestoreConfig {
  path: string;
  json: boolean;
}

export const restoreCommand: Command<typeof catalogRestoreOptions, RestoreCommandConfig> = {
  name: 'asb restore',
  title: 'Aerospike Backup Catalog',
  summary: 'Restore a backup, or the state at a time from all backups below a directory.',
  usage: 'BACKUP|ROOT [options]',
  operands: { min: 1, max: 1, names: ['BACKUP'] },
  examples: [
    ['All namespaces of a backup, which must be empty:', 'asb restore /backups/nightly-1'],
    ['The state of Tuesday noon:', 'asb restore /backups --at 2026-01-06_12:00:00'],
    ['Which backups that would take:', 'asb restore /backups --at 2026-01-06_12:00:00 --dry-run'],
    [
      'One set, beside what is there, under another name:',
      'asb restore /backups/nightly-1 --include test.users --rename-set test.users=users_old',
    ],
    ['What was lost since, and nothing else:', 'asb restore /backups/nightly-1 -n test --on-existing create-only'],
  ],
  options: catalogRestoreOptions,
  schema: catalogRestoreSchema,
  subject: 'Restore',
  warningLevel: 'info',
  toConfig: (values, { operands, ...dependencies }) => ({
    ...toCatalogRestoreConfig(values, dependencies),
    path: operands[0]!,
    json: values.has('json'),
  }),
  securityValues: (values) => (values.has('dry-run') ? undefined : securityValues(values)),
  readsStdin: () => false,
  run: async (config, session) => {
    try {
      await restore(config, session);
    } finally {
      await config.restore.storages.close();
    }
  },
};

async function restore(config: RestoreCommandConfig, session: CliSession): Promise<void> {
  const { formatPlans, formatRestoreJson } = await import('../../../ui/catalog/restore.js');
  const { planRestore } = await import('../../../engine/catalog/plan-restore.js');
  const { json, dryRun, restore: base } = config;
  const { plans, later } = await planRestore({ ...config, base, signal: session.signal });
  const warn = (name: 'restore.later' | 'restore.increment', text: string): void =>
    session.log.info(warningEvent(name, text));
  for (const namespace of later) {
    warn('restore.later', `Namespace ${namespace} is left out: its first backup was begun later`);
  }
  for (const { namespace, backups } of plans) {
    const [newest, parent] = backups;
    if (newest?.type !== 'incremental' || parent !== undefined) continue;
    const text = `The backup holds of namespace ${namespace} only what was changed since another backup`;
    warn('restore.increment', text);
  }
  if (!json) session.stdout(formatPlans(plans));
  if (dryRun) {
    if (json) session.stdout(formatRestoreJson(plans, undefined, { later, dryRun }));
    return;
  }
  await run(plans, later, config, session);
}

async function run(
  plans: readonly NamespacePlan[],
  later: readonly string[],
  { restore: base, onExisting, json, dryRun }: RestoreCommandConfig,
  session: CliSession,
): Promise<void> {
  const { Codecs } = await import('../../../codecs/codecs.js');
  const { restorePlans, toCatalogFailure } = await import('../../../engine/catalog/restore-backup.js');
  const { formatRestoreJson } = await import('../../../ui/catalog/restore.js');
  const { createRestoreRunner } = await import('../../../ui/restore-runner.js');
  const { signal, log, display, progressRequests: requests } = session;
  const { hostText: hosts, machinePath } = base;
  const restored = await restorePlans({
    plans,
    base,
    onExisting,
    codecs: await Codecs.open(base),
    signal,
    emit: () => undefined,
    run: createRestoreRunner({ log, frontEnd: 'cli', hosts, signal, machinePath, display, requests }),
    onFailure: (_plan, error) => {
      // The last one is the error of the command.
      if (plans.length > 1) log.error(errorEvent(error));
    },
  });
  if (json) session.stdout(formatRestoreJson(plans, restored, { later, dryRun }));
  const failure = toCatalogFailure(restored);
  if (failure !== undefined) throw failure;
}
