/** Two runs on one target, and a state file that belongs to another run. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkComplete, runBackup, startBackup, withCluster, type Attack } from './attack.js';
import type { EndedRun, Run } from '../crash-test/tool-run.js';

const RECORDS = 6000;
/** Records a second, an attempt each: on a slow machine the first run must not end before the second begins. */
const RATES = [3000, 600, 120];
const SLOW = slowRun(RATES[0]!);

function slowRun(rate: number): string[] {
  return ['-L', String(rate), '-w', '1', '--checkpoint-interval', '1'];
}

function untilWriting(run: Run, directory: string): Promise<void> {
  return run.until(
    () => existsSync(join(directory, 'test_00000.asb')) && existsSync(join(directory, 'test.asb.state')),
  );
}

function secondRun(name: string, args: readonly string[], kill = false): Attack {
  return {
    name,
    run: async ({ random, folder }) =>
      withCluster(RECORDS, random, async (_, port) => {
        for (const rate of RATES) {
          const [a, b, problems] = await attackRunning(port, join(folder, `backup-${rate}`), rate, args, kill);
          if (a.code !== 0 || b.code !== 0) return problems;
          // It may have begun when the first had ended, which is no attack.
        }
        return ['both runs exit with 0'];
      }),
  };
}

async function attackRunning(
  port: number,
  directory: string,
  rate: number,
  args: readonly string[],
  kill: boolean,
): Promise<[first: EndedRun, second: EndedRun, problems: string[]]> {
  const first = startBackup(port, ['-d', directory, ...slowRun(rate), '-r']);
  await untilWriting(first, directory);
  const state = join(directory, 'test.asb.state');
  const own = args.map((arg) => (arg === 'STATE' ? state : arg));
  const second = startBackup(port, ['-d', directory, ...slowRun(rate), ...own]);
  if (kill) {
    await second.until(/Starting backup|\[ERR\]/);
    second.child.kill('SIGKILL');
  }
  const [a, b] = await Promise.all([first.done, second.done]);
  return [a, b, checkComplete(a, directory, RECORDS).map((text) => `first run: ${text}`)];
}

const sameMoment: Attack = {
  name: 'two backups started at once in a new directory leave one complete backup',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const problems: string[] = [];
      for (const rate of RATES) {
        const directory = join(folder, `backup-${rate}`);
        const runs = [1, 2].map(() => startBackup(port, ['-d', directory, ...slowRun(rate)]));
        const ended = await Promise.all(runs.map((run) => run.done));
        problems.push(...ended.flatMap((one) => checkComplete(one, directory, RECORDS)));
        const successes = ended.filter(({ code }) => code === 0).length;
        if (successes === 1) return problems;
        if (successes === 0) return [...problems, 'no run exits with 0'];
        // One may have begun when the other had ended.
      }
      return [...problems, 'both runs exit with 0'];
    }),
};

/** Starts a backup, interrupts it once it has saved records, and resolves with its directory and state file. */
async function interruptBackup(port: number, folder: string, args: readonly string[]): Promise<string | undefined> {
  const directory = join(folder, 'backup');
  const run = startBackup(port, ['-d', directory, ...SLOW, ...args]);
  const state = join(directory, 'test.asb.state');
  await run.until(() => existsSync(state) && /"records": *[1-9]/.test(readFileSync(state, 'utf8')));
  run.child.kill('SIGINT');
  return (await run.done).code === 0 ? undefined : state;
}

const replacedBackup: Attack = {
  name: 'old state file does not continue into a backup that was made anew',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const state = await interruptBackup(port, folder, []);
      if (state === undefined) return [];
      const old = join(folder, 'old.state');
      cpSync(state, old);
      const directory = join(folder, 'backup');
      const fresh = await runBackup(port, ['-d', directory, '-r']);
      if (fresh.code !== 0) return [`the new backup failed: ${fresh.log}`];
      await runBackup(port, ['-d', directory, '--continue', old, '--state-file-dst', old]);
      return checkComplete(fresh, directory, RECORDS);
    }),
};

export const TWO_RUNS: readonly Attack[] = [
  secondRun('second backup with --remove-files leaves the files of the first alone', ['-r']),
  secondRun('second backup with --remove-files that is killed leaves the files of the first alone', ['-r'], true),
  secondRun('backup that is at work cannot be continued by another run', ['--continue', 'STATE']),
  sameMoment,
  replacedBackup,
];
