/** The contract of an attack, and what attacks share. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { readStoredRecords, TestData } from '../crash-test/data.js';
import { startTool, type EndedRun, type Run, type ToolRunOptions } from '../crash-test/tool-run.js';
import { seededRandom, type Random } from '../fuzz/random.js';

/** A run under attack that takes longer hangs, on the slowest machine, too. */
const HANG_MS = 300_000;

export interface Attack {
  /** Subject, condition, expected result. */
  readonly name: string;
  /** Known to get through: an expected failure until the fault is mended. */
  readonly open?: true;
  /** Resolves with what is not as it must be; empty if the attack was held off. */
  run(context: AttackContext): Promise<string[]>;
}

export interface AttackContext {
  readonly random: Random;
  /** An empty folder of the attack's own. */
  readonly folder: string;
}

export function createContext(seed: number, folder: string): AttackContext {
  mkdirSync(folder, { recursive: true });
  return { random: seededRandom(seed), folder };
}

export function startBackup(port: number, args: readonly string[], options?: ToolRunOptions): Run {
  const connection = ['--no-config-file', '-h', '127.0.0.1', '-p', String(port), '-n', 'test'];
  return startTool('asbackup', [...connection, ...args], { hangMs: HANG_MS, ...options });
}

export function runBackup(port: number, args: readonly string[], options?: ToolRunOptions): Promise<EndedRun> {
  return startBackup(port, args, options).done;
}

export function startRestore(port: number, args: readonly string[], options?: ToolRunOptions): Run {
  const connection = ['--no-config-file', '-h', '127.0.0.1', '-p', String(port)];
  return startTool('asrestore', [...connection, ...args], { hangMs: HANG_MS, ...options });
}

export function runRestore(port: number, args: readonly string[], options?: ToolRunOptions): Promise<EndedRun> {
  return startRestore(port, args, options).done;
}

export function runValidate(args: readonly string[], options?: ToolRunOptions): Promise<EndedRun> {
  return startTool('asrestore', ['--no-config-file', '--validate', ...args], { hangMs: HANG_MS, ...options }).done;
}

/** The last error of a log, or its last line. */
export function lastError({ log }: EndedRun): string {
  const lines = log.trim().split('\n');
  return lines.filter((line) => line.includes('[ERR]')).at(-1) ?? lines.at(-1) ?? '';
}

/** A cluster in this process whose namespace `test` has so many records; stopped when `work` has ended. */
export async function withCluster<T>(
  records: number,
  random: Random,
  work: (cluster: InMemoryCluster, port: number) => Promise<T>,
): Promise<T> {
  const cluster = await InMemoryCluster.start();
  try {
    new TestData(cluster.store('test'), random, records);
    return await work(cluster, cluster.seed.port);
  } finally {
    await cluster.stop();
  }
}

export function countRecords(cluster: InMemoryCluster, namespace: string): number {
  return readStoredRecords(cluster.store(namespace)).size;
}

/** Digests, as base64, of the records in plain backup files of a directory, each as often as it is there. */
export function readDigests(directory: string): string[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.asb'));
  return files.flatMap((name) =>
    [...readFileSync(join(directory, name), 'latin1').matchAll(/^\+ d (.{28})$/gm)].map(([, digest]) => digest!),
  );
}

/** A run that exits with 0 must have left each of `records` records exactly once in plain files of `directory`. */
export function checkComplete(ended: EndedRun, directory: string, records: number): string[] {
  if (ended.code !== 0) return [];
  const digests = readDigests(directory);
  if (digests.length === records && new Set(digests).size === records) return [];
  return [`exit code 0, but ${digests.length} records, ${new Set(digests).size} different, of ${records}`];
}

/** The run must fail with code 1 and an error that matches. */
export function checkFails(ended: EndedRun, error: RegExp): string[] {
  if (ended.code === 1 && error.test(ended.log)) return [];
  return [`exit code ${ended.code ?? 'null'}, signal ${ended.signal ?? 'none'} with: ${lastError(ended)}`];
}
