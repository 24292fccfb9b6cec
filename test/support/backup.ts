/** Clusters with data, and backups of them, for the tests of what may go wrong. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InMemoryCluster, type InMemoryClusterOptions } from '../../src/node/cluster.js';
import { Particle } from '../../src/core/particle.js';

const ASBACKUP = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));

export interface Filled {
  cluster: InMemoryCluster;
  /** Base64 of every record's digest. */
  digests: Set<string>;
}

/** A cluster whose namespace `test` holds `records` records of some 100 bytes, spread over all partitions. */
export async function startFilled(records: number, options: InMemoryClusterOptions = {}, set = 's'): Promise<Filled> {
  const cluster = await InMemoryCluster.start(options);
  return { cluster, digests: fill(cluster, records, set) };
}

export function fill(cluster: InMemoryCluster, records: number, set: string, valueBytes = 60): Set<string> {
  const digests = new Set<string>();
  const store = cluster.store('test');
  for (let i = 0; i < records; i++) {
    const digest = createHash('sha1').update(`${set}/${i}`).digest();
    digests.add(digest.toString('base64'));
    store.putRaw(set, digest, undefined, 1, 0, [
      { name: 'n', type: Particle.STRING, value: Buffer.from(String(i).padEnd(valueBytes, '.')) },
    ]);
  }
  return digests;
}

export interface Running {
  child: ChildProcess;
  /** What stderr holds so far. */
  log(): string;
  /** Settles when stderr matches, or the process has ended. */
  until(pattern: RegExp): Promise<void>;
  done: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string; ms: number }>;
}

/** Starts asbackup against the first node of a cluster. */
export function start(cluster: InMemoryCluster, args: readonly string[], env: Record<string, string> = {}): Running {
  const { host, port } = cluster.nodes[0]!;
  const at = args.includes('-l') ? [] : ['-h', host, '-p', String(port)];
  const startedMs = Date.now();
  const child = spawn(process.execPath, [ASBACKUP, ...at, '-n', 'test', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  let ended = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string; ms: number }>(
    (resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        ended = true;
        resolve({ code, signal, stderr, ms: Date.now() - startedMs });
      });
    },
  );
  return {
    child,
    log: () => stderr,
    until: async (pattern) => {
      while (!pattern.test(stderr) && !ended) await sleep(5);
    },
    done,
  };
}

/** Settles when the run has read records, or has ended. It has to be asked: its log does not say it at once. */
export async function untilRecords(running: Running): Promise<void> {
  const { child } = running;
  // Before it has begun, the signal would end the process.
  await running.until(/Starting backup for/);
  while (
    !/[1-9]\d* record\(s\), \d+ byte\(s\) so far/.test(running.log()) &&
    child.exitCode === null &&
    child.signalCode === null
  ) {
    child.kill('SIGUSR1');
    await sleep(50);
  }
}

/** Log lines without time and thread. */
export function texts(stderr: string): string[] {
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+ \S+ GMT \[([A-Z]+)\] \[[ \d]{5}\] /, '$1 '));
}
