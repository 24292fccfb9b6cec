import { securityValues } from '../../../config/auth/security-values.js';
import { type PlanConfig, planSchema, toPlanConfig } from '../../../config/catalog/plan-config.js';
import { planOptions } from '../../../config/schema/catalog/plan.js';
import type { CliSession, Command } from '../../command.js';

interface PlanCommandConfig extends PlanConfig {
  host: string;
  json: boolean;
}

export const planCommand: Command<typeof planOptions, PlanCommandConfig> = {
  name: 'asb plan',
  title: 'Aerospike Backup Catalog',
  summary:
    'Measure a namespace and say how many shards and workers, how much network, storage and time its backup takes, how sure each figure is, what limits, and which commands make it. Some records are read, at a limited rate, and nothing is written.',
  usage: '-n <name> [options]',
  examples: [
    ['How large a backup is, and how long one machine takes:', 'asb plan -h 10.0.0.1 -n test'],
    ['How many machines are done in four hours:', 'asb plan -h 10.0.0.1 -n test -z zstd --within 4h --bandwidth 1000'],
    ['For a program:', 'asb plan -h 10.0.0.1 -n test --json'],
  ],
  options: planOptions,
  schema: planSchema,
  subject: 'Command',
  warningLevel: 'info',
  toConfig: (values, dependencies) => ({
    ...toPlanConfig(values, dependencies),
    host: values.get('host').text,
    json: values.has('json'),
  }),
  securityValues,
  readsStdin: () => false,
  run: async (config, session) => {
    try {
      await plan(config, session);
    } finally {
      await config.storages.close();
    }
  },
};

async function plan(config: PlanCommandConfig, { stdout, signal }: CliSession): Promise<void> {
  const { planBackup } = await import('../../../engine/plan/plan.js');
  const { formatPlan, formatPlanJson } = await import('../../../ui/catalog/plan.js');
  const { measurement, goal, json, ...words } = config;
  const result = await planBackup({ ...measurement, signal }, goal);
  stdout(json ? formatPlanJson(result, words) : formatPlan(result, words));
}
