/** Several runs at once in one process, started through the library: each keeps its own counters, events and limits. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { backup, type LogEntry, type ProgressEvent, restore } from '../../dist/index.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { fill } from '../support/backup.js';
import { scratch } from '../support/target.js';

const folder = scratch();
const clusters: InMemoryCluster[] = [];

beforeAll(async () => {
  for (let i = 0; i < 2; i++) clusters.push(await InMemoryCluster.start());
  fill(clusters[0]!, 300, 'users');
  fill(clusters[0]!, 200, 'orders');
  fill(clusters[1]!, 700, 'users');
});
afterAll(async () => {
  await Promise.all(clusters.map((cluster) => cluster.stop()));
  folder.remove();
});

const at = (name: string): string => join(folder.path, name);

function hosts(index: number): string {
  const { host, port } = clusters[index]!.nodes[0]!;
  return `${host}:${port}`;
}

/** Collects what a run tells its caller. */
function listener() {
  const entries: LogEntry[] = [];
  const progress: ProgressEvent[] = [];
  return {
    hooks: {
      log: (entry: LogEntry): void => void entries.push(entry),
      onProgress: (event: ProgressEvent): void => void progress.push(event),
    },
    fields: (event: string) => entries.filter((entry) => entry.event === event).map(({ fields }) => fields),
    records: () => progress.at(-1)?.records,
  };
}

/** What a run could change for the whole process. */
function processState(): unknown {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'exit', 'uncaughtException', 'warning'];
  return {
    env: { ...process.env },
    title: process.title,
    exitCode: process.exitCode,
    cwd: process.cwd(),
    gc: 'gc' in globalThis,
    listeners: signals.map((signal) => [signal, process.listenerCount(signal)]),
  };
}

it('backups and restores at once have the results and events that each has alone, and change nothing global', async () => {
  const source = at('source');
  await backup({ hosts: hosts(0), namespace: 'test', directory: source, parallel: 2 });
  const before = processState();
  const [first, second, sets, into] = [listener(), listener(), listener(), listener()];
  const results = await Promise.all([
    backup({ ...first.hooks, hosts: hosts(0), namespace: 'test', directory: at('first'), parallel: 3 }),
    backup({ ...second.hooks, hosts: hosts(1), namespace: 'test', directory: at('second'), compress: 'zstd' }),
    backup({ ...sets.hooks, hosts: hosts(0), namespace: 'test', file: at('sets.asb'), sets: ['orders'] }),
    restore({
      ...into.hooks,
      hosts: hosts(1),
      namespace: { from: 'test', to: 'restored' },
      directory: source,
      parallel: 2,
    }),
  ]);
  expect(results.map(({ records }) => records)).toEqual([500, 700, 200, 500]);
  expect(results[3]).toMatchObject({ inserted: 500, failed: 0 });
  expect(clusters[1]!.store('restored').objects).toBe(500);

  expect(first.fields('backup.summary')).toMatchObject([{ records: 500, bytes: results[0].bytes }]);
  expect(second.fields('backup.summary')).toMatchObject([{ records: 700, bytes: results[1].bytes }]);
  expect(sets.fields('backup.summary')).toMatchObject([{ records: 200, bytes: results[2].bytes }]);
  expect(into.fields('restore.summary')).toMatchObject([{ records: 500, inserted: 500 }]);
  expect(first.fields('backup.start')).toMatchObject([{ target: at('first') }]);
  expect(second.fields('backup.start')).toMatchObject([{ target: at('second') }]);
  expect(sets.fields('backup.start')).toMatchObject([{ sets: ['orders'], target: at('sets.asb') }]);
  expect(into.fields('restore.start')).toMatchObject([{ source }]);
  expect(into.fields('backup.start')).toEqual([]);
  expect([first, second, sets, into].map((run) => run.fields('worker.done').length)).toEqual([
    3,
    1,
    1,
    Math.min(2, readdirSync(source).length),
  ]);
  expect([first, second, sets].map((run) => run.records())).toEqual([500, 700, 200]);

  expect(readdirSync(at('second')).every((name) => name.endsWith('.asb'))).toBe(true);
  expect(processState()).toEqual(before);
});

it('a limit and a signal hold for their own run only', async () => {
  const stop = new AbortController();
  const [slow, free] = [listener(), listener()];
  let onStart: (() => void) | undefined;
  const started = new Promise<void>((resolve) => (onStart = resolve));
  const limited = backup({
    hosts: hosts(0),
    namespace: 'test',
    directory: at('limited'),
    recordsPerSecond: 1,
    signal: stop.signal,
    log: (entry) => {
      slow.hooks.log(entry);
      if (entry.event === 'job.start') onStart?.();
    },
  });
  const ended = limited.catch((error: unknown) => error);
  await Promise.race([started, ended]);
  const result = await backup({
    ...free.hooks,
    hosts: hosts(0),
    namespace: 'test',
    directory: at('free'),
    parallel: 2,
  });
  expect(result.records).toBe(500);
  // 500 records at one a second: the limited run is still under way.
  expect(slow.fields('backup.summary')).toEqual([]);
  const other = backup({ ...free.hooks, hosts: hosts(1), namespace: 'test', file: at('other.asb') });
  stop.abort();
  expect(await ended).toMatchObject({ code: 'STOPPED' });
  expect((await other).records).toBe(700);
});
