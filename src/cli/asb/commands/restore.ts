import { securityValues } from '../../../config/auth/security-values.js';
import {
  type CatalogRestoreConfig,
  catalogRestoreSchema,
  toCatalogRestoreConfig,
} from '../../../config/catalog/restore-command.js';
import { catalogRestoreOptions } from '../../../config/schema/catalog/restore.js';
import { errorEvent, warningEvent } from '../../../core/log.js';
import type { NamespacePlan } from '../../../engine/catalog/restore-plan.js';
import type { RestoreResult } from '../../../engine/restore/config.js';
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
  const { json, dryRun } = config;
  const { plans, later } = await plan(config, session);
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

async function plan(
  { path, atMs, selection, restore: base }: RestoreCommandConfig,
  { signal }: CliSession,
): Promise<{ plans: NamespacePlan[]; later: string[] }> {
  const { findBackups, readBackup } = await import('../../../engine/catalog/find-backups.js');
  const { planBackup, planMoment } = await import('../../../engine/catalog/restore-plan.js');
  const { storages, allowIncomplete = false } = base;
  if (atMs !== undefined) return planMoment(await findBackups(path, storages), atMs, selection, storages);
  const { Codecs } = await import('../../../codecs/codecs.js');
  const { findBackupFiles } = await import('../../../engine/catalog/backup-files.js');
  const { readNamespace } = await import('../../../engine/catalog/read-namespace.js');
  const plans = await planBackup(await readBackup(path, storages), selection, {
    storages,
    allowIncomplete,
    readNamespace: async (part) => {
      const codecs = await Codecs.open(base);
      return readNamespace(await findBackupFiles(part.path, { codecs, storages }), signal);
    },
  });
  return { plans, later: [] };
}

async function run(
  plans: readonly NamespacePlan[],
  later: readonly string[],
  { restore: base, onExisting, json, dryRun }: RestoreCommandConfig,
  session: CliSession,
): Promise<void> {
  const { Codecs } = await import('../../../codecs/codecs.js');
  const { restorePlans, toCatalogFailure } = await import('../../../engine/catalog/restore-backup.js');
  const { startRestore, RestoreError } = await import('../../../engine/restore/restore.js');
  const { formatRestoreJson } = await import('../../../ui/catalog/restore.js');
  const { reportRun } = await import('../../../ui/reported-run.js');
  const { restorePresentation } = await import('../../../ui/restore-presentation.js');
  const { restoreSummary } = await import('../../../ui/summary.js');
  const { signal, log, display, progressRequests: requests } = session;
  const { hostText: hosts, machinePath } = base;
  // They serve all runs.
  const storages = { close: () => Promise.resolve() };
  const presentation = restorePresentation('restore', 'asb');
  const report = {
    storages,
    presentation,
    log,
    frontEnd: 'cli',
    hosts,
    signal,
    machinePath,
    display,
    requests,
  } as const;
  const restored = await restorePlans({
    plans,
    base,
    onExisting,
    codecs: await Codecs.open(base),
    signal,
    emit: () => undefined,
    run: (config) =>
      reportRun(report, async (context, follow) => {
        const show = (result: RestoreResult, complete: boolean): void =>
          display?.summarize?.(restoreSummary(result, complete, '--on-existing create-only'));
        try {
          const result = await follow(startRestore(config, context));
          show(result, true);
          return result;
        } catch (error) {
          if (error instanceof RestoreError) show(error.result, false);
          throw error;
        }
      }),
    onFailure: (_plan, error) => {
      // The last one is the error of the command.
      if (plans.length > 1) log.error(errorEvent(error));
    },
  });
  if (json) session.stdout(formatRestoreJson(plans, restored, { later, dryRun }));
  const failure = toCatalogFailure(restored);
  if (failure !== undefined) throw failure;
}
