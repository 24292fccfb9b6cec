/** Failures that hit a part of the records: the counters say what was written, no more and no less. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InMemoryCluster } from '../../src/node/cluster.js';
import type { Faults } from '../../src/node/fault-injection.js';
import type { EndedRun } from '../crash-test/tool-run.js';
import type { Random } from '../fuzz/random.js';
import {
  countRecords,
  lastError,
  readDigests,
  runBackup,
  runRestore,
  startBackup,
  withCluster,
  type Attack,
} from './attack.js';

const RECORDS = 2000;
/** So that there are many frames to fail. */
const SMALL_BATCHES = ['--batch-size', '50', '--retry-scale-factor', '2000'];

interface Counters {
  inserted: number;
  existed: number;
  fresher: number;
  expired: number;
  skipped: number;
  ignored: number;
  inDoubt: number;
}

/** The counters of the last line of the log that has them. */
function readCounters({ log }: EndedRun): Counters {
  const pattern =
    /Expired (\d+) : skipped (\d+) : err_ignored (\d+) : inserted (\d+): failed \d+ \(existed (\d+) , fresher (\d+)\)/g;
  const last = [...log.matchAll(pattern)].at(-1) ?? [];
  const [, expired, skipped, ignored, inserted, existed, fresher] = [...last].map(Number);
  const inDoubt = Number(/(\d+) record\(s\) were found present when sent again/.exec(log)?.[1] ?? 0);
  return {
    expired: expired ?? NaN,
    skipped: skipped ?? NaN,
    ignored: ignored ?? NaN,
    inserted: inserted ?? NaN,
    existed: existed ?? NaN,
    fresher: fresher ?? NaN,
    inDoubt,
  };
}

function sum(counters: Counters): number {
  const counts: number[] = Object.values({ ...counters });
  return counts.reduce((total, count) => total + count, 0);
}

/** Connections cut in the middle of answers, answers lost after the write, rows refused, as often as chance has it. */
function makeFaults(random: Random): Faults {
  const cut = { afterBytes: 500 + random.below(4000), times: 1 + random.below(4) };
  const result = random.pick([9, 14, 18]);
  // A server that ran out of time (9) may have written the record; one that was busy or overloaded has not.
  const row = { every: 20 + random.below(60), result, applied: result === 9 && random.below(2) === 0 };
  return random.pick<Faults>([{ cut }, { row }, { cut, row: { ...row, times: 100 } }]);
}

/** A restore of which a part is there already, with lost answers. */
function lostAnswers(name: string, present: number, flags: readonly string[], single: boolean): Attack {
  return {
    name: `restore ${name} counts as inserted only what it has written`,
    run: async ({ random, folder }) =>
      withCluster(RECORDS, random, async (cluster, port) => {
        const path = join(folder, 'backup.asb');
        const made = await runBackup(port, ['-o', path]);
        if (made.code !== 0) return [`the backup failed: ${lastError(made)}`];
        const source = ['-n', 'test,restored', '-i', path];
        if (present > 0) {
          const some = join(folder, 'some.asb');
          await runBackup(port, ['-o', some, '-M', String(present)]);
          await runRestore(port, ['-n', 'test,restored', '-i', some]);
        }
        const before = countRecords(cluster, 'restored');
        cluster.nodes[0]!.injectFaults(makeFaults(random));
        const more = single ? ['--disable-batch-writes'] : [];
        const ended = await runRestore(port, [...source, ...SMALL_BATCHES, ...flags, ...more]);
        cluster.nodes[0]!.clearFaults();
        return checkCounters(ended, countRecords(cluster, 'restored') - before, RECORDS);
      }),
  };
}

/** `added`: records that are in the namespace now and were not before. */
function checkCounters(ended: EndedRun, added: number, records: number): string[] {
  const counters = readCounters(ended);
  const shown = JSON.stringify(counters);
  const problems: string[] = [];
  if (ended.code !== 0) problems.push(`exit code ${ended.code ?? 'null'}: ${lastError(ended)}`);
  if (counters.inserted > added) problems.push(`${added} were added, told: ${shown}`);
  if (counters.inserted + counters.inDoubt < added) problems.push(`${added} were added, but told: ${shown}`);
  if (sum(counters) !== records) problems.push(`the counters are not ${records} together: ${shown}`);
  return problems;
}

const failedRestore: Attack = {
  name: 'restore that fails in the middle tells as many inserted records as there are',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (cluster, port) => {
      const path = join(folder, 'backup.asb');
      await runBackup(port, ['-o', path]);
      refuseLater(cluster, 200 + random.below(RECORDS - 400));
      const ended = await runRestore(port, ['-n', 'test,restored', '-i', path, '--batch-size', '50']);
      const written = countRecords(cluster, 'restored');
      const { inserted } = readCounters(ended);
      const problems = ended.code === 1 ? [] : [`exit code ${ended.code ?? 'null'}`];
      if (inserted !== written) problems.push(`${written} were written, ${inserted} told`);
      const text = new RegExp(`\\b${written} of \\d+ record\\(s\\) read were written`);
      if (!text.test(ended.log)) problems.push(`the last error tells another number: ${lastError(ended)}`);
      return problems;
    }),
};

/** One row, after so many, is refused for good. */
function refuseLater(cluster: InMemoryCluster, rows: number): void {
  cluster.nodes[0]!.injectFaults({ row: { every: rows, result: 22, times: 1 } });
}

const failedBackup: Attack = {
  name: 'backup that fails in the middle tells no more records than its files hold',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (cluster, port) => {
      const directory = join(folder, 'backup');
      const state = join(directory, 'test.asb.state');
      const rate = String(500 + random.below(1000));
      const run = startBackup(port, ['-d', directory, '-w', '1', '-L', rate, '--checkpoint-interval', '1']);
      await run.until(() => existsSync(state) && /"records": *[1-9]/.test(readFileSync(state, 'utf8')));
      // The scan ends in the middle, and no other one is answered.
      cluster.nodes[0]!.injectFaults({ scanStart: { result: 4 } });
      cluster.nodes[0]!.dropConnections();
      const ended = await run.done;
      const held = new Set(readDigests(directory)).size;
      const told = Number(/incomplete after (\d+) record/.exec(ended.log)?.[1] ?? NaN);
      const problems = ended.code === 1 ? [] : [`exit code ${ended.code ?? 'null'}`];
      if (told !== held) problems.push(`${held} are in the files, ${told} told: ${lastError(ended)}`);
      return problems;
    }),
};

export const COUNTS: readonly Attack[] = [
  lostAnswers('with lost answers', 0, [], false),
  lostAnswers('with lost answers of single writes', 0, [], true),
  lostAnswers('of records of which half are there, with lost answers and --unique,', RECORDS / 2, ['--unique'], false),
  lostAnswers('of records that are all there, with lost answers and --unique,', RECORDS, ['--unique'], false),
  lostAnswers('of records of which half are there, with lost answers,', RECORDS / 2, [], false),
  failedRestore,
  failedBackup,
];
