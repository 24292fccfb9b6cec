/** State files that are damaged, old, or another backup's: none leads to a backup that lacks something. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { TestData } from '../crash-test/data.js';
import type { Random } from '../fuzz/random.js';
import { checkComplete, readDigests, runBackup, startBackup, withCluster, type Attack } from './attack.js';

const RECORDS = 4000;
const DAMAGES = 6;
const STATE = 'test.asb.state';

/** Interrupts a backup of RECORDS records once its state names records. False if it was too quick. */
async function interrupt(port: number, directory: string, args: readonly string[] = []): Promise<boolean> {
  const slowly = ['-L', '1500', '-w', '2', '--checkpoint-interval', '1'];
  const run = startBackup(port, ['-d', directory, ...slowly, ...args]);
  await run.until(() => savedRecords(directory) > 0);
  run.child.kill('SIGINT');
  return (await run.done).code !== 0;
}

function savedRecords(directory: string): number {
  const path = join(directory, STATE);
  if (!existsSync(path)) return 0;
  const text = /"records": *(\d+)/.exec(readFileSync(path, 'utf8'))?.[1];
  return Number(text ?? 0);
}

/** What happens to a state file on a bad disk or in a bad copy. */
function damage(text: string, random: Random): string {
  const bytes = Buffer.from(text);
  switch (random.below(4)) {
    case 0:
      bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      return bytes.toString('latin1');
    case 1:
      return text.slice(0, random.below(text.length));
    case 2: {
      const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
      const at = random.pick(digits);
      return text.slice(0, at) + String((Number(text[at]) + 1 + random.below(9)) % 10) + text.slice(at + 1);
    }
    default: {
      const at = random.below(text.length);
      return text.slice(0, at) + text.slice(at + 1 + random.below(200));
    }
  }
}

const damagedState: Attack = {
  name: 'state file with any damage continues to a complete backup or is refused',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const before = join(folder, 'before');
      if (!(await interrupt(port, before))) return ['the backup was not interrupted'];
      const text = readFileSync(join(before, STATE), 'utf8');
      const problems: string[] = [];
      for (let i = 0; i < DAMAGES; i++) {
        const directory = join(folder, `damaged ${i}`);
        cpSync(before, directory, { recursive: true });
        writeFileSync(join(directory, STATE), damage(text, random), 'latin1');
        const ended = await runBackup(port, ['-d', directory, '--continue', join(directory, STATE)]);
        problems.push(...checkComplete(ended, directory, RECORDS));
        if (ended.code !== 0 && ended.code !== 1) problems.push(`ended by ${ended.signal ?? String(ended.code)}`);
        if (/unexpected error/i.test(ended.log)) problems.push(ended.log.slice(-300));
      }
      return problems;
    }),
};

/** Fields that somebody changed by hand, with a right checksum: what can be checked against the files is. */
const EDITS: Readonly<Record<string, (state: EditedState) => void>> = {
  'a file cut shorter': ({ files }) => {
    files[0]!.bytes -= 50;
  },
  'a file longer than it is': ({ files }) => {
    files[0]!.bytes += 10_000_000;
  },
  'a file twice': ({ files }) => {
    files.push({ ...files[0]! });
  },
  'a file outside of the directory': ({ files }) => {
    files[0]!.name = '../../etc/test_00000.asb';
  },
  'no filters': (state) => {
    state.filters = [];
  },
  'another namespace': ({ identity }) => {
    identity.namespace = 'restored';
  },
};

interface EditedState {
  files: { name: string; bytes: number }[];
  filters: string[];
  identity: Record<string, unknown>;
}

const editedState: Attack = {
  name: 'state file that does not match its backup is refused although its checksum is right',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const before = join(folder, 'before');
      if (!(await interrupt(port, before))) return ['the backup was not interrupted'];
      const text = readFileSync(join(before, STATE), 'utf8');
      const problems: string[] = [];
      for (const [what, edit] of Object.entries(EDITS)) {
        const directory = join(folder, what);
        cpSync(before, directory, { recursive: true });
        const state = JSON.parse(text) as EditedState & { checksum?: string };
        edit(state);
        delete state.checksum;
        const checksum = createHash('sha256').update(JSON.stringify(state)).digest('hex');
        writeFileSync(join(directory, STATE), JSON.stringify({ ...state, checksum }));
        const ended = await runBackup(port, ['-d', directory, '--continue', join(directory, STATE)]);
        if (ended.code !== 1) problems.push(`${what}: exit code ${ended.code ?? 'null'}`);
        const kept = readDigests(directory).length;
        if (kept !== readDigests(before).length) problems.push(`${what}: the files were changed`);
      }
      return problems;
    }),
};

const otherCluster: Attack = {
  name: 'state file of another cluster with the same namespace is refused',
  run: async ({ random, folder }) => {
    const clusters = [
      await InMemoryCluster.start({ clusterName: 'alpha' }),
      await InMemoryCluster.start({ clusterName: 'beta' }),
    ];
    try {
      for (const cluster of clusters) new TestData(cluster.store('test'), random, RECORDS);
      const directory = join(folder, 'backup');
      const [alpha, beta] = clusters.map(({ seed }) => seed.port);
      if (!(await interrupt(alpha!, directory))) return ['the backup was not interrupted'];
      const before = readDigests(directory);
      const ended = await runBackup(beta!, ['-d', directory, '--continue', join(directory, STATE)]);
      const problems = ended.code === 1 ? [] : [`exit code ${ended.code ?? 'null'}`];
      if (readDigests(directory).length !== before.length) problems.push('records were added or removed');
      return problems;
    } finally {
      for (const cluster of clusters) await cluster.stop();
    }
  },
};

const otherBackup: Attack = {
  name: 'state file of another backup in the same place is refused',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const [first, second] = [join(folder, 'first'), join(folder, 'second')];
      if (!(await interrupt(port, first)) || !(await interrupt(port, second))) return ['a backup was not interrupted'];
      cpSync(join(second, STATE), join(first, STATE));
      const ended = await runBackup(port, ['-d', first, '--continue', join(first, STATE)]);
      return checkComplete(ended, first, RECORDS);
    }),
};

const olderState: Attack = {
  name: 'state file of an earlier moment of the same backup leads to a complete backup or is refused',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const directory = join(folder, 'backup');
      if (!(await interrupt(port, directory))) return ['the backup was not interrupted'];
      const older = join(folder, 'older.state');
      cpSync(join(directory, STATE), older);
      const run = startBackup(port, ['-d', directory, '-L', '1500', '--continue', join(directory, STATE)]);
      const saved = savedRecords(directory);
      await run.until(() => savedRecords(directory) > saved);
      run.child.kill('SIGKILL');
      await run.done;
      rmSync(join(directory, STATE), { force: true });
      mkdirSync(directory, { recursive: true });
      cpSync(older, join(directory, STATE));
      const ended = await runBackup(port, ['-d', directory, '--continue', join(directory, STATE)]);
      return checkComplete(ended, directory, RECORDS);
    }),
};

export const FOREIGN_STATES: readonly Attack[] = [damagedState, editedState, otherCluster, otherBackup, olderState];
