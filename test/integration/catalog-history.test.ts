/**
 * Random histories of a namespace: writes, deletions and backups of it, and then its state at any time. The model knows
 * what a chain of backups can know: a record that was deleted comes back with its last version in the chain.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from '../support/property.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
// Worker threads run compiled files only.
import { main as asb } from '../../dist/cli/asb/asb.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { temporaryDirectory } from '../support/backup-files.js';
import { clientRecord, describeRecord, digestOfKey, putRecord, readContents } from '../support/cluster-contents.js';

/** So long before every backup that only a full one holds what was not changed since. */
const LONG_AGO_MS = 3_600_000;
const INITIAL_RECORDS = 6;
const KEYS = 10;

type Step =
  | { kind: 'put'; key: number; set: string; generation: number }
  | { kind: 'remove'; key: number; set: string }
  | { kind: 'full' }
  /** `parent`: which of the backups so far, counted from the newest; if there are fewer, the oldest. */
  | { kind: 'increment'; parent: number };

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key: fc.nat(KEYS),
      set: fc.constantFrom('a', ''),
      generation: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), key: fc.nat(KEYS), set: fc.constantFrom('a', '') }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'full' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('increment' as const), parent: fc.constantFrom(0, 0, 0, 1, 2) }),
  },
);

type Contents = ReadonlyMap<string, string>;

interface Backup {
  id: string;
  startedMs: number;
  /** What it makes together with all that it builds on. */
  contents: Contents;
}

const root = temporaryDirectory();
let cluster: InMemoryCluster;
let count = 0;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['test', 'copy'] });
});
afterAll(() => cluster.stop());

async function run(...args: string[]): Promise<string> {
  const { host, port } = cluster.seed;
  let stdout = '';
  let stderr = '';
  const code = await asb([...args, '-h', host, '-p', String(port), '--no-config-file'], {
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    terminal: () => undefined,
  });
  expect(code, stderr).toBe(0);
  return stdout;
}

/** The namespace, and what is expected of its backups. */
class History {
  readonly backups: Backup[] = [];
  private readonly live = new Map<string, string>();
  private value = 0;

  constructor(private readonly catalog: string) {
    clear('test');
    for (let key = 0; key < INITIAL_RECORDS; key++) this.put('a', key, 1, Date.now() - LONG_AGO_MS);
  }

  async take(next: Step): Promise<void> {
    switch (next.kind) {
      case 'put':
        this.put(next.set, next.key, next.generation);
        return;
      case 'remove':
        this.remove(next.set, next.key);
        return;
      case 'full':
        await this.backUp(undefined);
        return;
      case 'increment':
        await this.backUp(this.backups[Math.max(0, this.backups.length - 1 - next.parent)]);
    }
  }

  private put(set: string, key: number, generation: number, changedMs = Date.now()): void {
    const record = clientRecord(set, key, ++this.value, { generation });
    putRecord(cluster, 'test', record, changedMs);
    this.live.set(record.digest.toString('hex'), describeRecord(record));
  }

  private remove(set: string, key: number): void {
    const digest = digestOfKey(set, key);
    const store = cluster.store('test');
    const stored = store.find(digest, 0, cluster.clock.nowS());
    if (stored !== undefined) store.remove(stored);
    this.live.delete(digest.toString('hex'));
  }

  private async backUp(parent: Backup | undefined): Promise<void> {
    const id = `b${this.backups.length}`;
    const from = parent === undefined ? [] : ['--incremental-from', parent.id];
    const json = await run('backup', this.catalog, '--id', id, '-n', 'test', ...from, '--json');
    const { started } = JSON.parse(json) as { started: string };
    const contents = new Map([...(parent?.contents ?? []), ...this.live]);
    this.backups.push({ id, startedMs: Date.parse(started), contents });
  }
}

function clear(namespace: string): void {
  const store = cluster.store(namespace);
  store.truncate(undefined, cluster.clock.nowMs() + 1);
  store.truncateLutMs = 0;
}

it('a random history, is restored at any time as the model says', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const catalog = join(root, `catalog${count++}`);
      mkdirSync(catalog);
      const history = new History(catalog);
      for (const next of steps) await history.take(next);
      for (const { startedMs, contents } of history.backups) {
        clear('copy');
        const at = new Date(startedMs + 1).toISOString();
        await run('restore', catalog, '--at', at, '--rename-namespace', 'test=copy');
        expect(await readContents(cluster, 'copy')).toEqual([...contents.values()].sort());
      }
    }),
    { numRuns: 5, seed: 20_260_102 },
  );
});
