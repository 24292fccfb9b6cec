/** Runs of routines for tests: a document, a clock that stands, and a library that is told what to do. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupSettings } from '../../src/api/settings.js';
import type { Log } from '../../src/core/log.js';
import { logText } from '../../src/core/log.js';
import type { BackupResult } from '../../src/engine/backup/config.js';
import type { BackupPolicy } from '../../src/service/document/schema/backup-policy.js';
import type { BackupRoutine } from '../../src/service/document/schema/backup-routine.js';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';
import type { BackupType, RunMetrics } from '../../src/service/metrics/metrics.js';
import { EventBus } from '../../src/service/events/event-bus.js';
import { StorageRegistry } from '../../src/storage/registry.js';
import { RoutineRunner, type RoutineRunnerOptions } from '../../src/service/routines/routine-runner.js';
import type { ConfigChange } from '../../src/service/config-source/config-store.js';
import type { RunEnvironment } from '../../src/service/routines/run-environment.js';
import { FakeClock } from './fake-clock.js';
import { scratch } from './target.js';

export const START_MS = Date.parse('2026-05-02T00:30:00Z');
export const HOUR_MS = 3_600_000;

/** A backup that a run has asked for, and that a test ends as it likes. */
export interface AskedBackup {
  settings: BackupSettings;
  /** Writes a data file and resolves. */
  succeed: (result?: Partial<BackupResult>) => void;
  /** Leaves a data file behind, as an interrupted backup does. */
  fail: (code: string, message?: string) => void;
}

export class FakeConfig {
  private readonly listeners = new Set<(change: ConfigChange) => void>();

  constructor(public document: ServiceDocument) {}

  onChange(listener: (change: ConfigChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(edit: (document: ServiceDocument) => void): void {
    const before = this.document;
    const after = structuredClone(before);
    edit(after);
    this.document = after;
    for (const listener of this.listeners) listener({ before, after });
  }

  changeRoutine(name: string, changes: Partial<BackupRoutine>): void {
    this.change((document) => Object.assign(document['backup-routines']![name]!, changes));
  }
}

/** Counts events as `type outcome`. */
export class FakeMetrics implements RunMetrics {
  readonly events: string[] = [];
  readonly active = new Set<string>();
  readonly forgotten: string[] = [];
  durations = 0;

  countEvent(_routine: string, type: BackupType, outcome: string): void {
    this.events.push(`${type} ${outcome}`);
  }
  observeDuration(): void {
    this.durations++;
  }
  setActive(routine: string, type: BackupType, active: boolean): void {
    if (active) this.active.add(`${routine} ${type}`);
    else this.active.delete(`${routine} ${type}`);
  }
  setProgress(): void {}
  setLastSuccess(): void {}
  addVolume(): void {}
  setLastSize(): void {}
  forget(routine: string): void {
    this.forgotten.push(routine);
  }
}

export interface ServiceFixtureOptions {
  routine?: Partial<BackupRoutine>;
  policy?: BackupPolicy;
  namespaces?: string[];
  clockLeadMs?: number;
  document?: (document: ServiceDocument) => void;
  environment?: Partial<RunEnvironment>;
  /** In place of the one that the test ends by hand. */
  backup?: RunEnvironment['backup'];
}

/** One routine, `nightly`: a full run at each full hour, an increment at each half hour. */
export class ServiceFixture {
  readonly clock = new FakeClock(START_MS);
  readonly metrics = new FakeMetrics();
  readonly events = new EventBus({ nowMs: () => this.clock.nowMs() });
  readonly lines: string[] = [];
  readonly asked: AskedBackup[] = [];
  readonly config: FakeConfig;
  readonly folder = scratch();
  runner: RoutineRunner;
  private wake: (() => void)[] = [];

  constructor(private readonly options: ServiceFixtureOptions = {}) {
    const document: ServiceDocument = {
      'aerospike-clusters': { c1: { 'seed-nodes': [{ 'host-name': 'localhost', port: 3000 }] } },
      storage: { s1: { 'local-storage': { path: this.folder.path } } },
      'backup-policies': { p1: options.policy ?? {} },
      'backup-routines': {
        nightly: {
          'source-cluster': 'c1',
          storage: 's1',
          'backup-policy': 'p1',
          'interval-cron': '0 0 * * * *',
          'incr-interval-cron': '0 30 * * * *',
          namespaces: options.namespaces ?? ['test'],
          ...options.routine,
        },
      },
    };
    options.document?.(document);
    this.config = new FakeConfig(document);
    this.runner = this.createRunner();
  }

  /** Another process of the same service. */
  createRunner(
    environment: Partial<RunEnvironment> = {},
    replica: RoutineRunnerOptions['replica'] = {},
  ): RoutineRunner {
    const write = (line: Parameters<Log['info']>[0]): void => void this.lines.push(logText(line));
    const log: Log = { info: write, error: write, verbose: () => undefined };
    return new RoutineRunner({
      config: this.config,
      metrics: this.metrics,
      events: this.events,
      log,
      replica: { monotonic: { monotonicMs: () => this.clock.nowMs() }, ...replica },
      libraryBackup: this.options.backup ?? ((settings) => this.ask(settings)),
      environment: {
        clock: this.clock,
        toBackupSettings: () => Promise.resolve({}),
        toClusterSettings: () => Promise.resolve({}),
        openStorage: (name, document) => {
          const storage = new StorageRegistry();
          const root = document.storage![name]!['local-storage']!.path;
          return Promise.resolve({ storage, root, close: () => storage.close() });
        },
        readClusterFacts: () =>
          Promise.resolve({
            namespaces: [...(this.options.namespaces ?? ['test']), 'zz'],
            clockLeadMs: this.options.clockLeadMs ?? 0,
          }),
        readClusterConfiguration: () => Promise.resolve(['# one\n', '# two\n']),
        ...this.options.environment,
        ...environment,
      },
    });
  }

  private ask(settings: BackupSettings): Promise<BackupResult> {
    const directory = settings.directory!;
    mkdirSync(directory, { recursive: true });
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(settings.signal!.reason as Error);
      if (settings.signal!.aborted) stop();
      settings.signal!.addEventListener('abort', stop, { once: true });
      this.asked.push({
        settings,
        succeed: (result = {}) => {
          writeFileSync(join(directory, `${settings.namespace}_00000.asb`), 'data');
          writeFileSync(join(directory, 'manifest.json'), '{}');
          resolve({
            records: 5,
            sindexes: 1,
            udfs: 2,
            bytes: 4,
            textBytes: 4,
            files: ['one'],
            durationMs: 1,
            ...result,
          });
        },
        fail: (code, message = 'it has failed') => {
          writeFileSync(join(directory, `${settings.namespace}_00000.asb`), 'da');
          reject(Object.assign(new Error(message), { code }));
        },
      });
      for (const wake of this.wake.splice(0)) wake();
    });
  }

  /** Resolves with the backup of that number, as soon as it is asked for. */
  async backup(index: number): Promise<AskedBackup> {
    while (this.asked.length <= index) await new Promise<void>((resolve) => this.wake.push(resolve));
    return this.asked[index]!;
  }

  /** Makes a run by hand, and waits until it has ended. All its backups succeed. */
  async run(type: BackupType, result?: Partial<BackupResult>): Promise<void> {
    const before = this.asked.length;
    this.runner.trigger('nightly', type, 0);
    this.clock.advance(50);
    const idle = this.runner.idle();
    for (let i = before; ; i++) {
      const asked = await Promise.race([this.backup(i), idle]);
      if (asked === undefined) return;
      asked.succeed(result);
    }
  }

  /** Paths below the folder of the routine, directories with a slash at their end. */
  list(below = ''): string[] {
    const paths: string[] = [];
    const walk = (path: string, name: string): void => {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        const own = `${name}${entry.name}`;
        if (entry.isDirectory()) walk(join(path, entry.name), `${own}/`);
        else paths.push(own);
      }
    };
    try {
      walk(join(this.folder.path, 'nightly', below), '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return paths.sort();
  }

  /** Names of the folders of runs. */
  runs(type: 'backup' | 'incremental'): string[] {
    return [...new Set(this.list(type).map((path) => path.split('/')[0]!))];
  }

  async close(): Promise<void> {
    let isStopped = false;
    const stopped = this.runner.stop().then(() => (isStopped = true));
    while (!isStopped) {
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(1000);
    }
    await stopped;
    this.folder.remove();
  }
}
