/** Files that others delete, truncate or replace by links while a run works. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { checkComplete, checkFails, lastError, runBackup, startBackup, withCluster, type Attack } from './attack.js';

const RECORDS = 6000;
/** About two seconds of work. */
const SLOW = ['-L', '3000', '-w', '1', '--checkpoint-interval', '1'];

/** Records per second: on a busy machine, a backup may have ended before its file could be changed. */
const RATES = ['3000', '1000', '300'];

/** A backup whose file is changed while it works must not report success. */
function changeFile(what: string, change: (path: string) => void): Attack {
  return {
    name: `backup whose file is ${what} while it is written does not exit with 0`,
    run: async ({ random, folder }) =>
      withCluster(RECORDS, random, async (_, port) => {
        for (const rate of RATES) {
          const directory = join(folder, rate);
          const run = startBackup(port, ['-d', directory, ...SLOW, '-L', rate]);
          const path = join(directory, 'test_00000.asb');
          await run.until(() => existsSync(path) && statSync(path).size > 1000);
          if (run.child.exitCode !== null) continue;
          change(path);
          const ended = await run.done;
          return ended.code === 1 ? [] : checkComplete(ended, directory, RECORDS);
        }
        return ['no backup was slow enough'];
      }),
  };
}

const stateLink: Attack = {
  name: 'backup does not write its state through a symbolic link of another user',
  run: async ({ random, folder }) =>
    withCluster(200, random, async (_, port) => {
      const victim = join(folder, 'victim');
      writeFileSync(victim, 'precious');
      const state = join(folder, 'backup.state');
      symlinkSync(victim, `${state}.tmp`);
      await runBackup(port, ['-d', join(folder, 'backup'), '--state-file-dst', state]);
      return readFileSync(victim, 'utf8') === 'precious' ? [] : ['the file behind the link was overwritten'];
    }),
};

const foreignState: Attack = {
  name: 'backup does not replace a file that is not its state file',
  run: async ({ random, folder }) =>
    withCluster(200, random, async (_, port) => {
      const thesis = join(folder, 'thesis.txt');
      writeFileSync(thesis, 'precious');
      await runBackup(port, ['-d', join(folder, 'backup'), '--state-file-dst', thesis]);
      const kept = existsSync(thesis) && readFileSync(thesis, 'utf8') === 'precious';
      return kept ? [] : ['the file is gone'];
    }),
};

const specialFile: Attack = {
  name: 'backup with --remove-files does not replace a pipe by a regular file',
  run: async ({ random, folder }) =>
    withCluster(200, random, async (_, port) => {
      const pipe = join(folder, 'pipe');
      if (spawnSync('mkfifo', [pipe]).status !== 0) return [];
      const writer = startBackup(port, ['-o', pipe, '-r']);
      // Not a synchronous call: the cluster is in this process.
      const drain = spawn('cat', [pipe], { stdio: 'ignore' });
      const ended = await writer.done;
      drain.kill();
      const problems = lstatSync(pipe).isFIFO() ? [] : ['the pipe is gone'];
      return ended.code === 0 ? problems : [...problems, lastError(ended)];
    }),
};

const privateState: Attack = {
  name: 'backup leaves no state or temporary file that others may read',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const directory = join(folder, 'backup');
      mkdirSync(directory);
      chmodSync(directory, 0o755);
      const run = startBackup(port, ['-d', directory, ...SLOW]);
      const state = join(directory, 'test.asb.state');
      await run.until(() => existsSync(state));
      const open = readdirSync(directory)
        .filter((name) => !name.endsWith('.asb') && (lstatSync(join(directory, name)).mode & 0o077) !== 0)
        .map((name) => `${name} may be read by others`);
      run.child.kill('SIGKILL');
      await run.done;
      return open;
    }),
};

const continueLink: Attack = {
  name: 'continued backup does not write through a symbolic link in place of its file',
  run: async ({ random, folder }) =>
    withCluster(RECORDS, random, async (_, port) => {
      const directory = join(folder, 'backup');
      const run = startBackup(port, ['-d', directory, ...SLOW]);
      const path = join(directory, 'test_00000.asb');
      const state = join(directory, 'test.asb.state');
      await run.until(() => existsSync(state) && /"records": *[1-9]/.test(readFileSync(state, 'utf8')));
      run.child.kill('SIGINT');
      if ((await run.done).code === 0) return [];
      const victim = join(folder, 'victim');
      const contents = readFileSync(path);
      writeFileSync(victim, Buffer.concat([contents, Buffer.alloc(1_000_000, 'v')]));
      const before = statSync(victim).size;
      unlinkSync(path);
      symlinkSync(victim, path);
      const ended = await runBackup(port, ['-d', directory, '--continue', state]);
      const problems = statSync(victim).size === before ? [] : ['the file behind the link was changed'];
      return [...problems, ...checkFails(ended, /\[ERR\]/)];
    }),
};

export const HOSTILE_FILE_SYSTEM: readonly Attack[] = [
  changeFile('deleted', unlinkSync),
  changeFile('truncated', (path) => {
    truncateSync(path, 100);
  }),
  stateLink,
  foreignState,
  specialFile,
  privateState,
  continueLink,
];
