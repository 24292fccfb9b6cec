/**
 * Ends backups and restores in the worst ways at random moments, goes on with them until they are done, and counts what
 * was lost and what is there twice. The tests do it for some seconds, `scripts/torture` for as long as one likes.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Data, storedRecords } from './data.js';
import { ENDINGS } from './kill-modes.js';
import { readRecords } from './read.js';
import { seededRandom } from '../fuzz/random.js';
import { EmbeddedCluster } from '../../dist/node/cluster.js';

export { hasDisks } from './kill-modes.js';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const KEY = fileURLToPath(new URL('../../test/fixtures/backups/key.pem', import.meta.url));
const CRYPT = ['-y', 'aes256', '--encryption-key-file', KEY];

/** How files are stored; `flags` for backup and restore alike. */
export const MODES = [
  { name: 'plain', flags: [], stored: { compressed: false } },
  { name: 'zstd', flags: ['-z', 'zstd'], stored: { compressed: true } },
  { name: 'aes256', flags: CRYPT, stored: { compressed: false, keyFile: KEY } },
  { name: 'zstd+aes256', flags: ['-z', 'zstd', ...CRYPT], stored: { compressed: true, keyFile: KEY } },
];

/** Where backups go. Another kind of target is another entry here. */
export const TARGETS = [
  {
    name: 'directory',
    place: (folder, name) => {
      const path = join(folder, name);
      return {
        backupFlags: ['-d', path],
        restoreFlags: ['-d', path],
        statePath: join(path, 'test.asb.state'),
        read: async () =>
          readdirSync(path)
            .filter((file) => file.endsWith('.asb'))
            .map((file) => ({ name: file, bytes: readFileSync(join(path, file)) })),
        remove: async () => rmSync(path, { recursive: true, force: true }),
      };
    },
  },
  {
    name: 'file',
    place: (folder, name) => {
      const path = join(folder, `${name}.asb`);
      return {
        backupFlags: ['-o', path],
        restoreFlags: ['-i', path],
        statePath: `${path}.state`,
        read: async () => [{ name: path, bytes: readFileSync(path) }],
        remove: async () => {
          for (const one of [path, `${path}.state`]) rmSync(one, { force: true });
        },
      };
    },
  },
];

export const COMBINATIONS = TARGETS.flatMap((target) =>
  MODES.map((mode) => ({ name: `${mode.name}, ${target.name}`, mode, target })),
);

/** How long a run that is to be ended would take. */
const SLOW_RUN_S = 2;
const POLL_MS = 5;
/** A run that takes so long hangs. */
const HANG_MS = 120_000;
const SUMMARY =
  /Backed up (\d+) record\(s\), (\d+) secondary index\(es\), (\d+) UDF file\(s\), (\d+) byte\(s\) in total/g;

/**
 * Backups in one combination, ended in one way until `stops` of them were; each is finished with `--continue`, read,
 * restored into an empty namespace, and compared.
 */
export async function tortureBackup({ mode, target }, options) {
  return inWorld(options, async (world, totals) => {
    const ending = ENDINGS[options.how](world);
    try {
      do {
        mustGetOn(totals);
        const name = `backup${totals.rounds++}`;
        const round = new BackupRound(world, mode, target.place(world.folder, name), ending, totals);
        await round.run(options);
      } while (totals.stops < options.stops && !isLate(options));
    } finally {
      await ending.release?.();
    }
  });
}

/** Restores in one combination, ended until `stops` of them were, each run again until it is done, and compared. */
export async function tortureRestore({ mode, target }, options) {
  return inWorld(options, async (world, totals) => {
    const place = target.place(world.folder, 'backup');
    const backup = await start('asbackup', [...world.address, '-n', 'test', ...place.backupFlags, ...mode.flags]).done;
    if (backup.code !== 0) throw new Error(backup.log);
    const expected = await readRecords(await place.read(), mode.stored);
    const ending = ENDINGS[options.how](world);
    do {
      mustGetOn(totals);
      totals.rounds++;
      world.cluster.store('restored').truncate(undefined, Date.now() + 1);
      await sleep(5);
      const { restoreFlags } = place;
      const flags = [...world.address, '-n', 'test,restored', ...restoreFlags, ...mode.flags];
      for (let done = false; !done;) {
        const enough = totals.stops >= options.stops;
        const run = start('asrestore', enough ? flags : [...flags, '-N', `1000,${world.slowRate}`]);
        const working = () => world.cluster.store('restored').objects > 0;
        const moments = { working, finishing: /Finished restoring/, workMs: SLOW_RUN_S * 1000 };
        const stopMs = enough ? 0 : await ending.end(run, moments);
        const ended = await run.done;
        if (ended.code === 0) {
          totals.problems.push(...summaryProblems(ended.log, expected.records.size));
          done = true;
        } else {
          if (enough) throw new Error(`a restore that was run again failed:\n${ended.log}`);
          totals.stops++;
          if (world.cluster.store('restored').objects > 0) totals.resumed++;
          totals.slowestStopMs = Math.max(totals.slowestStopMs, stopMs);
        }
      }
      totals.checked += expected.records.size;
      compareRestored(world, expected.records, totals);
    } while (totals.stops < options.stops && !isLate(options));
  });
}

/** Each record of the last run is accounted for: written now, or there already. */
function summaryProblems(log, records) {
  const [, inserted, existed, fresher] =
    /.*inserted (\d+): failed \d+ \(existed (\d+) , fresher (\d+)\)/s.exec(log)?.map(Number) ?? [];
  const sum = inserted + existed + fresher;
  return sum === records ? [] : [`the restore's summary accounts for ${sum} of ${records} records`];
}

async function inWorld(options, work) {
  const { seed, folder, records = 8_000 } = options;
  const random = seededRandom(seed);
  mkdirSync(folder, { recursive: true });
  const cluster = await EmbeddedCluster.start();
  const plain = { set: 'torture', collection: 'default', context: undefined, expression: undefined };
  cluster.sindexes.add({ ...plain, namespace: 'test', name: 'torture_n', bin: 'n', type: 'numeric' });
  const data = new Data(cluster.store('test'), random, records);
  const { host, port } = cluster.nodes[0];
  const address = ['-h', host, '-p', String(port)];
  const slowRate = Math.ceil(records / SLOW_RUN_S);
  /** `resumed`: after how many of the stops there was something to go on with. */
  const totals = {
    stops: 0,
    resumed: 0,
    rounds: 0,
    checked: 0,
    losses: 0,
    duplicates: 0,
    slowestStopMs: 0,
    problems: [],
  };
  try {
    await work({ random, folder, cluster, data, address, slowRate }, totals);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
  } finally {
    await cluster.stop();
  }
  return { ...totals, problems: totals.problems.map((problem) => `seed ${seed}: ${problem}`) };
}

/** A torture that its victims do not notice proves nothing. */
function mustGetOn({ rounds, stops }) {
  if (rounds > 10 + 10 * stops) throw new Error(`only ${stops} of ${rounds} backups were stopped`);
}

function isLate({ untilMs = Infinity }) {
  return Date.now() >= untilMs;
}

/** Starts a tool. `until` settles when its log matches, a function says so, or it has ended. */
function start(tool, args) {
  const child = spawn(process.execPath, [join(BIN, tool), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  let ended = false;
  let wake = () => undefined;
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
    wake();
  });
  let hangs = false;
  const late = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, HANG_MS);
  const done = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = true;
      clearTimeout(late);
      wake();
      if (hangs) reject(new Error(`${tool} ${args.join(' ')} hangs:\n${log}`));
      else resolve({ code, signal, log });
    });
  });
  return {
    child,
    done,
    until: async (condition) => {
      if (typeof condition === 'function') {
        while (!ended && !condition()) await sleep(POLL_MS);
        return;
      }
      const pattern = condition;
      while (!ended && !pattern.test(log)) await new Promise((resolve) => (wake = resolve));
    },
  };
}

/** One backup from its first run to the comparison of what was restored. */
class BackupRound {
  constructor(world, mode, place, ending, totals) {
    Object.assign(this, { world, mode, place, ending, totals });
    this.machinePath = join(world.folder, `machine${totals.rounds}`);
  }

  async run({ stops, changing = false }) {
    const { world, totals, ending, place } = this;
    world.data.forget();
    const changes = changing ? world.data.startChanges() : undefined;
    let last;
    try {
      while (last === undefined) last = await this.attempt(totals.stops >= stops);
    } finally {
      changes?.stop();
    }
    await ending.relent?.();
    await this.compare(last);
    await place.remove();
    rmSync(this.machinePath, { force: true });
  }

  /** One run: to its end, or until `ending` has ended it. Resolves with its log if it is complete. */
  async attempt(enough) {
    const { world, place, ending, totals } = this;
    await (enough ? ending.relent?.() : ending.arrange?.());
    const flags = enough ? [] : [...(ending.flags ?? []), ...(ending.slow ? ['-L', String(world.slowRate)] : [])];
    const run = this.start(flags);
    const left = 1 - Math.min(1, recordsSaved(place.statePath) / world.data.count);
    const workMs = Math.ceil(left * SLOW_RUN_S * 1000);
    const moments = { working: /Starting backup for/, finishing: /completed, records/, workMs };
    const stopMs = enough ? 0 : await ending.end(run, moments);
    const ended = await run.done;
    if (ended.code === 0) return ended.log;
    if (enough) throw new Error(`the run that nothing was done to failed:\n${ended.log}`);
    await ending.check(ended, place.statePath);
    totals.stops++;
    totals.slowestStopMs = Math.max(totals.slowestStopMs, stopMs);
    if (recordsSaved(place.statePath) > 0) totals.resumed++;
    return undefined;
  }

  start(flags) {
    const { world, place, mode, machinePath } = this;
    const workers = String(1 + world.random.below(3));
    const more = existsSync(place.statePath) ? ['--continue', place.statePath] : ['-r'];
    // The C tool appends to the file; here the last run alone is looked at.
    rmSync(machinePath, { force: true });
    const common = ['-n', 'test', '-F', '1', '-w', workers, '--checkpoint-interval', '1', '-m', machinePath];
    return start('asbackup', [...world.address, ...common, ...place.backupFlags, ...mode.flags, ...flags, ...more]);
  }

  async compare(log) {
    const { world, place, mode, totals } = this;
    const files = await place.read();
    const found = await readRecords(files, mode.stored);
    const { records } = found;
    const { data } = world;
    totals.checked += records.size;
    totals.duplicates += found.duplicates;
    const say = (text) => void totals.problems.push(text);
    if (found.duplicates > 0) say(`${found.duplicates} record(s) are in the files more than once`);
    const lost = data.steady.filter(({ name }) => !records.has(name));
    totals.losses += lost.length;
    if (lost.length > 0) say(`${lost.length} record(s) are not in the files, such as ${lost[0].name}`);
    for (const [digest, text] of records) {
      if (data.versions.get(digest)?.has(text) === true) continue;
      totals.losses++;
      say(`${digest} is in the files as nobody has written it: ${JSON.stringify(text)}`);
    }
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    const wanted = [records.size, 1, 0, bytes].join(':');
    const summary = [...log.matchAll(SUMMARY)].at(-1)?.slice(1, 5).join(':');
    if (summary !== wanted) say(`the summary says ${summary}, the files ${wanted}`);
    const machine = /SUMMARY:(.*):\d+\n$/.exec(readFileSync(this.machinePath, 'utf8'))?.[1];
    if (machine !== wanted) say(`the machine file says ${machine}, the files ${wanted}`);
    if (found.sindexes !== 1) say(`${found.sindexes} index(es) are in the files instead of 1`);
    if (existsSync(place.statePath)) say('the state file is still there');
    await this.restore(records);
  }

  async restore(records) {
    const { world, place, mode } = this;
    world.cluster.store('restored').truncate(undefined, Date.now() + 1);
    await sleep(5);
    const flags = [...world.address, '-n', 'test,restored', ...place.restoreFlags, ...mode.flags];
    const { code, log } = await start('asrestore', flags).done;
    if (code !== 0) throw new Error(`the restore failed:\n${log}`);
    compareRestored(world, records, this.totals);
  }
}

/** Counts as lost what is not, or not the same, in the namespace that a backup was restored into. */
function compareRestored(world, records, totals) {
  const restored = storedRecords(world.cluster.store('restored'));
  let different = 0;
  // A server gives generations itself: a record that it did not have begins with 1.
  const withoutGeneration = (text) => text?.replace(/^(.*)\n\d+\n/, '$1\n1\n');
  for (const [digest, text] of records) {
    if (withoutGeneration(restored.get(digest)) !== withoutGeneration(text)) different++;
  }
  totals.losses += different;
  if (different > 0) totals.problems.push(`${different} record(s) differ after the restore`);
  const extra = restored.size - records.size;
  if (extra > 0) totals.problems.push(`${extra} record(s) too many are there after the restore`);
}

/** 0 if there is no state file. One that is not whole is a fault, as a run would meet it. */
function recordsSaved(statePath) {
  return existsSync(statePath) ? JSON.parse(readFileSync(statePath, 'utf8')).counters.records : 0;
}
