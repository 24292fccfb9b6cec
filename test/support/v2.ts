/** The operations of /v2 against a cluster in this process, with a storage on the disk. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
// Worker threads run compiled files only.
import { ServiceOperations } from '../../dist/service/v2/v2-operations.js';
import { backup } from '../../dist/api/backup.js';
import { RoutineRunner } from '../../dist/service/routines/routine-runner.js';
import { readClusterFacts } from '../../dist/service/routines/cluster-facts.js';
import { EventBus } from '../../dist/service/events/event-bus.js';
import {
  toAccessSettings,
  toBackupSettings,
  toClusterSettings,
  toRestoreSettings,
} from '../../dist/service/settings/settings.js';
import { logText, type Log } from '../../src/core/log.js';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import type { V2Options } from '../../dist/service/v2/context.js';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';
import { V2_ERROR_CODES } from '../../src/service/v2/errors.js';
import { FakeConfig, FakeMetrics } from './service-runs.js';
import { scratch } from './target.js';

/** Metrics of runs and of restores. */
export class FakeServiceMetrics extends FakeMetrics {
  readonly restores: string[] = [];

  start(): void {}
  progress(): void {}
  finish(_id: string, outcome: string): void {
    this.restores.push(outcome);
  }
}

export interface V2FixtureOptions {
  document?: (document: ServiceDocument) => void;
  options?: Partial<V2Options>;
  /** The root of another fixture: another process of the same service. */
  root?: string;
}

export interface V2Fixture {
  operations: ServiceOperations;
  runner: RoutineRunner;
  config: FakeConfig;
  metrics: FakeServiceMetrics;
  events: EventBus;
  root: string;
  /** Types of events, in their order. */
  published: string[];
  lines: string[];
  stop(): Promise<void>;
}

export const folder = scratch();
let count = 0;

/** A service whose routine `nightly` is never due by itself; clusters `main` and, of the same nodes, `spare`. */
export async function startV2(
  cluster: InMemoryCluster,
  { document: edit, options, root: given }: V2FixtureOptions = {},
): Promise<V2Fixture> {
  const root = given ?? join(folder.path, `v2-${count++}`);
  for (const name of ['disk', 'second']) mkdirSync(join(root, name), { recursive: true });
  const { host, port } = cluster.seed;
  const seeds = { 'seed-nodes': [{ 'host-name': host, port }] };
  const document: ServiceDocument = {
    'aerospike-clusters': { main: seeds },
    storage: {
      disk: { 'local-storage': { path: join(root, 'disk') } },
      second: { 'local-storage': { path: join(root, 'second') } },
    },
    'backup-policies': { p1: { parallel: 2, 'retry-policy': { 'max-retries': 0 } } },
    'backup-routines': {
      nightly: {
        'source-cluster': 'main',
        storage: 'disk',
        'backup-policy': 'p1',
        'interval-cron': '0 0 0 1 1 ? 2099',
        namespaces: ['test'],
      },
    },
  };
  edit?.(document);
  const config = new FakeConfig(document);
  const metrics = new FakeServiceMetrics();
  const events = new EventBus();
  const published: string[] = [];
  events.subscribe(({ type }) => void published.push(type));
  const lines: string[] = [];
  const write = (line: Parameters<Log['info']>[0]): void => void lines.push(logText(line));
  const log: Log = { info: write, error: write, verbose: () => undefined };
  const runner = new RoutineRunner({ config, metrics, events, log, libraryBackup: backup });
  const operations = await ServiceOperations.open({
    config,
    runner,
    metrics,
    events,
    log,
    environment: { toBackupSettings, toClusterSettings, toRestoreSettings, toAccessSettings, readClusterFacts },
    ...options,
  });
  return {
    operations,
    runner,
    config,
    metrics,
    events,
    root: join(root, 'disk'),
    published,
    lines,
    stop: async () => {
      await Promise.all([operations.stop(), runner.stop()]);
    },
  };
}

/** Code, status and details of the error of /v2 that the work rejects with. */
export async function refusal(work: Promise<unknown>): Promise<{ code: string; status: number; facts: unknown }> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('It was not refused');
  if (!('machineCode' in error)) throw error;
  const { machineCode, status, facts } = error as unknown as { machineCode: string; status: number; facts: unknown };
  if (!(V2_ERROR_CODES as readonly string[]).includes(machineCode)) throw error;
  return { code: machineCode, status, facts };
}

export const NEVER = new AbortController().signal;
