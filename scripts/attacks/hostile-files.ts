/** Backup files that were made to do harm. */
import { writeFileSync, rmSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { TestData } from '../crash-test/data.js';
import {
  checkFails,
  countRecords,
  runBackup,
  runRestore,
  runValidate,
  withCluster,
  type Attack,
  type AttackContext,
} from './attack.js';
import { LAST, startFakeNode } from './fake-node.js';

const HEAD = 'Version 3.1\n# namespace test\n# first-file\n';
const EMPTY_OTHER = 'truncate-namespace:namespace=restored';

/** Lines that carry an info command in one of their names, after an escaped line feed. */
const INJECTIONS: Readonly<Record<string, (command: string) => string>> = {
  'index name': (command) => `* i test s idx\\\n${command}\\\nx N 1 a N\n`,
  'index set': (command) => `* i test s\\\n${command}\\\nx idx N 1 a N\n`,
  'index bin': (command) => `* i test s idx N 1 a\\\n${command}\\\nx N\n`,
  'index context': (command) => `* i test s idx N 1 a N AA\\\n${command}\\\nx\n`,
  'index namespace': (command) => `* i test\\\n${command}\\\nx s idx N 1 a N\n`,
  'module name': (command) => `* u L m.lua\\\n${command}\\\nx 2 --\n`,
};

function writeBackup({ folder }: AttackContext, text: string | Buffer): string {
  const path = join(folder, 'hostile.asb');
  writeFileSync(path, text);
  return path;
}

function injectLineFeed(where: string): Attack {
  return {
    name: `restore of a file with an info command in its ${where} sends no such command`,
    run: async (context) => {
      const path = writeBackup(context, HEAD + INJECTIONS[where]!(EMPTY_OTHER));
      const problems = checkFails(await runValidate(['-i', path]), /hostile\.asb/).map((text) => `validate: ${text}`);
      const cluster = await InMemoryCluster.start();
      try {
        new TestData(cluster.store('restored'), context.random, 50);
        const ended = await runRestore(cluster.seed.port, ['-i', path]);
        const left = countRecords(cluster, 'restored');
        if (left !== 50) problems.push(`${50 - left} records of another namespace are gone`);
        problems.push(...checkFails(ended, /hostile\.asb/));
      } finally {
        await cluster.stop();
      }
      return problems;
    },
  };
}

const injectParameters: Attack = {
  name: 'restore of a file with semicolons in names adds no parameter to an info command',
  run: async (context) => {
    const node = await startFakeNode({ onMessage: (_, socket) => socket.write(LAST) });
    try {
      for (const line of ['* i test s idx;namespace=restored N 1 a N\n', '* u L a.lua;content=LS0=;x= 2 --\n']) {
        await runRestore(node.port, ['-i', writeBackup(context, HEAD + line)]);
      }
      return node.commands
        .filter((text) => /namespace=restored|content=LS0=;x/.test(text))
        .map((text) => `sent ${text}`);
    } finally {
      await node.close();
    }
  },
};

/** An ordered list that is out of order, so that its elements are compared, with a list of `depth` levels in it. */
function encodeNestedRecord(depth: number): string {
  const nested = Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(0x01)]);
  const list = Buffer.concat([Buffer.of(0x93, 0xc7, 0, 1), nested, Buffer.of(0x01)]);
  const text = list.toString('base64');
  const digest = Buffer.alloc(20, 7).toString('base64');
  return `+ n test\n+ d ${digest}\n+ g 1\n+ t 0\n+ b 1\n- L l ${text.length} ${text}\n`;
}

const nestedList: Attack = {
  name: 'restore of a list nested 50000 deep reports the record instead of overflowing the stack',
  run: async (context) =>
    withCluster(0, context.random, async (cluster, port) => {
      const good = `+ n test\n+ d ${Buffer.alloc(20, 9).toString('base64')}\n+ g 1\n+ t 0\n+ b 1\n- I a 1\n`;
      const path = writeBackup(context, HEAD + encodeNestedRecord(50_000) + good);
      const ended = await runRestore(port, ['-i', path, '--ignore-record-error', '-n', 'test']);
      const problems = /call stack/i.test(ended.log) ? ['the stack overflowed'] : [];
      if (countRecords(cluster, 'test') < 1) problems.push('the good record of the same frame is not there');
      return problems;
    }),
};

const incomplete: Attack = {
  name: 'restore of a backup whose first file is lost exits with 1',
  run: async (context) =>
    withCluster(3000, context.random, async (_, port) => {
      const directory = join(context.folder, 'backup');
      const made = await runBackup(port, ['-d', directory, '-F', '1', '-w', '1']);
      if (made.code !== 0) return [`the backup failed: ${made.log}`];
      const files = readdirSync(directory)
        .filter((name) => name.endsWith('.asb'))
        .sort();
      rmSync(join(directory, files[0]!));
      if (files.length < 2) {
        const large = await runBackup(port, ['-o', join(context.folder, 'one.asb')]);
        return large.code === 0 ? [] : ['the backup failed'];
      }
      return checkFails(
        await runRestore(port, ['-d', directory, '-n', 'test,restored']),
        /test_00000|missing|incomplete/i,
      );
    }),
};

export const HOSTILE_FILES: readonly Attack[] = [
  ...Object.keys(INJECTIONS).map(injectLineFeed),
  injectParameters,
  nestedList,
  incomplete,
];
