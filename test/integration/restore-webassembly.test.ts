/** What a restore and a validation do is the same with WebAssembly and without it. */
import { describe, expect, it } from 'vitest';
import { InMemoryCluster } from '../../src/node/cluster.js';
import type { Faults } from '../../src/node/fault-injection.js';
import {
  Bench,
  digest,
  expectBalance,
  HEAD,
  LATER_HEAD,
  LONGER,
  record,
  records,
  restore,
  type RestoreOptions,
  validate,
} from '../support/restore.js';
import { run } from '../support/target.js';

const bench = new Bench();
const FILES = 6;
const RECORDS = 400;
/** Bins that the module leaves to the decoder. */
const ODD = ['I with\\ space 1', 'N nothing', 'X base64 4 YWJj'];
const KEYS = Array.from({ length: RECORDS }, (_, i) => `key${i}`);

/** Files of ordinary and, now and then, of odd records, of a few sets. */
function createBackup(): string {
  const name = bench.fresh('backup').split('/').at(-1)!;
  for (let n = 0; n < FILES; n++) {
    const mine = KEYS.filter((_, i) => i % FILES === n).map((key, i) =>
      record(key, {
        generation: i % 3,
        voidTime: i % 7 === 0 ? 1 : 0,
        set: ['demo', 'null', 'people', ''][i % 4]!,
        bins: [`I v ${i}`, `S text ${key.length} ${key}`, 'D half 0.5', 'L list 4 kgEC', ...(i % 10 === 0 ? ODD : [])],
      }),
    );
    bench.write(`${name}/test_0000${n}.asb`, (n === 0 ? HEAD : LATER_HEAD) + mine.join(''));
  }
  return bench.path(name);
}

/** What a restore into an empty cluster has counted, and what the cluster then holds of the test's own records. */
async function restoreAnew(path: string, more: Partial<RestoreOptions>, faults: Faults): Promise<unknown> {
  const server = await InMemoryCluster.start({ nodes: 3, namespaces: ['test', 'other'] });
  try {
    for (const node of server.nodes) node.injectFaults(faults);
    const options = bench.options(path, more);
    const { durationMs, retries, ...counts } = await restore({
      ...options,
      cluster: { ...options.cluster, seeds: [server.seed] },
    });
    expectBalance({ ...counts, durationMs, retries });
    const namespace = server.store(more.namespace?.to ?? 'test');
    const records = KEYS.map((key) => {
      const found = namespace.find(digest(key), 0, server.clock.nowS());
      if (found === undefined) return `${key}: none`;
      const { slab, offset, length, opsStart, generation } = found;
      return `${key}: ${generation} ${slab.toString('hex', offset + opsStart, offset + length)}`;
    });
    return { counts, objects: namespace.objects, records };
  } finally {
    await server.stop();
  }
}

describe.each<[string, Partial<RestoreOptions>, Faults?]>([
  ['batch writes', {}],
  ['single writes', { disableBatchWrites: true }],
  ['small batches', { batchSize: 3 }],
  ['only new records', { unique: true }],
  ['replacing', { replace: true }],
  ['whatever the generation', { noGeneration: true }],
  ['some sets', { sets: ['null', 'people'] }],
  ['some bins', { bins: ['v', 'half'] }],
  ['longer lives', LONGER],
  ['another namespace', { namespace: { from: 'test', to: 'other' } }],
  ['no records', { noRecords: true }],
  ['a limit of records', { recordsPerSecond: 100_000 }],
  ['a limit of bytes', { bandwidthBytesPerSecond: 100_000_000 }],
  ['overload', { batchSize: 20 }, { row: { every: 9, result: 18 } }],
])('a restore with %s', (_, more, faults = {}) => {
  it('writes and counts the same with WebAssembly and without', async () => {
    const path = createBackup();
    const without = await restoreAnew(path, { ...more, webAssembly: false }, faults);
    expect(await restoreAnew(path, more, faults)).toEqual(without);
  });
});

describe('a validation', () => {
  it.each([
    ['a backup without a fault', ''],
    ['a fault behind many records', `${record('odd')}+ n test\n+ d nothing\n`],
    ['a record of another namespace', record('other', { namespace: 'other' })],
    ['a file that is cut short', record('short').slice(0, -3)],
  ])('of %s says the same with WebAssembly and without', async (_, end) => {
    const path = bench.write(`${bench.fresh('file').split('/').at(-1)!}.asb`, HEAD + records(5000) + end);
    const check = (more: { webAssembly?: false }): Promise<unknown> => {
      const { source, parallel, log, storages } = bench.options(path);
      return validate({ source, parallel, log, storages, ...more }).then(
        (result) => ({ ...result, durationMs: 0 }),
        (error: unknown) => (error as Error).message,
      );
    };
    expect(await check({})).toEqual(await check({ webAssembly: false }));
  });

  it('runs where Node.js has no WebAssembly', async () => {
    const path = bench.write('jitless.asb', HEAD + records(100));
    const env = { NODE_OPTIONS: '--jitless' };
    const { stderr, code } = await run('asrestore', ['--validate', '-i', path], { env });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('100 record(s)');
  });
});
