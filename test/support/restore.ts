/** What the tests of restores share: backup texts, an embedded cluster, options. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
// Worker threads run compiled files only, and an error's class is that of the module that throws it.
import { RestoreError, startRestore } from '../../dist/engine/restore/restore.js';
import { startValidate } from '../../dist/engine/verify/validate.js';
import { restorePresentation, type RestoreCounts } from '../../dist/ui/restore-presentation.js';
import { reportRun, type ReportedRunOptions } from '../../dist/ui/reported-run.js';
import { StorageRegistry } from '../../dist/storage/registry.js';
import { toRestoreConfig } from '../../src/config/restore-config.js';
import { restoreSchema } from '../../src/config/restore-constraints.js';
import type { ValidateConfig, ValidateResult } from '../../src/engine/verify/config.js';
import type { ProgressDisplay } from '../../src/ui/progress/display.js';
import type { ProgressSignal } from '../../src/ui/progress/progress-signal.js';
import { InMemoryCluster, type InMemoryClusterOptions } from '../../src/node/cluster.js';
import { type Log, type LogLine, logText } from '../../src/core/log.js';
import type { RestoreConfig, RestoreResult } from '../../src/engine/restore/config.js';
import { parseCommandLine } from './command-line.js';
import { scratch } from './target.js';

export const GOLDEN = new URL('../fixtures/backups/', import.meta.url).pathname;
/** The records of the golden files expire, some within months; with so much more they outlive this test. */
export const LONGER = { extraTtlS: 180_000_000 };
export const HEAD = 'Version 3.1\n# namespace test\n# first-file\n';
export const LATER_HEAD = 'Version 3.1\n# namespace test\n';

export function digest(key: string): Buffer {
  return createHash('ripemd160').update(key).digest();
}

export interface RecordParts {
  generation?: number;
  voidTime?: number;
  set?: string;
  bins?: string[];
  namespace?: string;
}

/** How a run is shown. */
export interface RunDisplay {
  log: Log;
  signal?: AbortSignal;
  machinePath?: string;
  display?: ProgressDisplay;
  progressRequests?: ProgressSignal;
}

export type RestoreOptions = RestoreConfig & RunDisplay;
export type ValidateOptions = ValidateConfig & RunDisplay;

/** Runs a restore as the command does. */
export function restore(options: RestoreOptions): Promise<RestoreResult> {
  return reportRun(reportOptions('restore', options), (context, follow) => follow(startRestore(options, context)));
}

/** Runs a validation as the command does. */
export function validate(options: ValidateOptions): Promise<ValidateResult> {
  return reportRun(reportOptions('validation', options), (context, follow) => follow(startValidate(options, context)));
}

function reportOptions(
  name: 'restore' | 'validation',
  { log, signal = new AbortController().signal, machinePath, display, progressRequests }: RunDisplay,
): ReportedRunOptions<RestoreCounts> {
  const presentation = restorePresentation(name);
  // A test may use its storages for several runs.
  const storages = { close: () => Promise.resolve() };
  const shown = { presentation, log, machinePath, display, requests: progressRequests };
  return { ...shown, storages, signal, frontEnd: 'cli', hosts: '127.0.0.1' };
}

/** A record's text. */
export function record(
  key: string,
  { generation = 2, voidTime = 0, set = 'demo', bins = [`I v ${key.length}`], namespace = 'test' }: RecordParts = {},
): string {
  const setLine = set === '' ? '' : `+ s ${set}\n`;
  const head = `+ n ${namespace}\n+ d ${digest(key).toString('base64')}\n${setLine}+ g ${generation}\n+ t ${voidTime}\n`;
  return `${head}+ b ${bins.length}\n${bins.map((bin) => `- ${bin}\n`).join('')}`;
}

export function records(count: number, prefix = 'k', parts: RecordParts = {}): string {
  return Array.from({ length: count }, (_, i) => record(`${prefix}${i}`, parts)).join('');
}

/** A backup, an embedded cluster for each test, and what was logged. */
export class Bench {
  server!: InMemoryCluster;
  lines: string[] = [];
  private readonly folder = scratch();
  private runs = 0;

  constructor(private readonly serverOptions: InMemoryClusterOptions = {}) {
    beforeEach(async () => {
      this.server = await InMemoryCluster.start(this.serverOptions);
      this.lines = [];
    });
    afterEach(() => this.server.stop());
    afterAll(() => this.folder.remove());
  }

  get log(): Log {
    const line = (tag: string) => (said: LogLine) => void this.lines.push(`${tag} ${logText(said)}`);
    return { info: line('INF'), error: line('ERR'), verbose: line('VER') };
  }

  get errors(): string[] {
    return this.lines.filter((line) => line.startsWith('ERR')).map((line) => line.slice(4));
  }

  path(...parts: string[]): string {
    return join(this.folder.path, ...parts);
  }

  /** A path that nothing is at, the same for no two calls. */
  fresh(name = 'run'): string {
    return this.path(`${name}${this.runs++}`);
  }

  write(name: string, text: string): string {
    const path = this.path(name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text, 'latin1');
    return path;
  }

  /** Those of the command without further options, with short timeouts and no patience. */
  options(path: string, more: Partial<RestoreOptions> = {}): RestoreOptions {
    const { log } = this;
    const { values } = parseCommandLine(restoreSchema, ['-d', 'replaced below']);
    const { signal } = new AbortController();
    return {
      ...toRestoreConfig(values, { log, signal, security: {} }),
      cluster: { seeds: [this.server.seed], servicesAlternate: false, connectTimeoutMs: 2000, infoTimeoutMs: 2000 },
      source: path.endsWith('.asb') ? { kind: 'file', path } : { kind: 'directory', path },
      storages: new StorageRegistry(),
      socketTimeoutMs: 2000,
      totalTimeoutMs: 2000,
      retryScaleFactorUs: 2000,
      retryBudgetMs: 0,
      // So that all tests can be run without it, too.
      ...(process.env.ASTOOLS_WEBASSEMBLY === 'off' ? { webAssembly: false } : {}),
      log,
      ...more,
    };
  }

  objects(namespace = 'test'): number {
    return this.server.store(namespace).objects;
  }

  stored(key: string): boolean {
    return this.server.store('test').find(digest(key), 0, this.server.clock.nowS()) !== undefined;
  }
}

/** The error of a run that must fail; its counters must add up. */
export async function failing(run: Promise<RestoreResult>): Promise<RestoreError> {
  const error: unknown = await run.then(
    (result) => new Error(`did not fail: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof RestoreError)) throw error;
  expectBalance(error.result);
  return error;
}

/** Every record read ends in exactly one counter. */
export function expectBalance(r: RestoreResult): void {
  const written = r.inserted + r.inDoubt + r.existed + r.fresher;
  expect(r.expired + r.skipped + r.ignored + written + r.failed).toBe(r.records);
}
