/**
 * Ends backups and restores at random moments, continues them until they succeed, and counts lost and duplicate
 * records. test/integration/crash-test.test.ts does it for some seconds, `scripts/torture` for as long as asked.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { seededRandom } from '../fuzz/random.js';
import { readStoredRecords, TestData } from './data.js';
import { ENDINGS, type Ending, type EndingContext, type EndingName } from './kill-modes.js';
import { readRecords } from './read.js';
import type { Combination, Mode, Place } from './targets.js';
import { startTool, type EndedRun, type Run } from './tool-run.js';

export interface CrashTestOptions {
  /** How runs are ended: by SIGKILL, by another signal, by the loss of the cluster, by a full disk (root only). */
  how: EndingName;
  /** How many runs are to be ended. */
  stops: number;
  seed: number;
  /** For backups; created if it does not exist. */
  folder: string;
  /** Default 8000. */
  records?: number;
  /** Whether records are added, updated and deleted all the time. */
  changing?: boolean;
  /** Start no further backup after this time of `Date.now`. */
  untilMs?: number;
}

export interface CrashTestTotals {
  /** Runs ended before their time. */
  stops: number;
  /** Stops after which there was something to continue with. */
  resumed: number;
  rounds: number;
  checked: number;
  losses: number;
  duplicates: number;
  slowestStopMs: number;
  /** Everything that is not as it should be, each with the seed. */
  problems: string[];
}

interface World extends EndingContext {
  data: TestData;
  /** Options that name the cluster. */
  address: readonly string[];
  /** Records per second of a run that is to be ended. */
  slowRate: number;
}

/** How long a run that is to be ended would take. */
const SLOW_RUN_S = 2;
const SUMMARY =
  /Backed up (\d+) record\(s\), (\d+) secondary index\(es\), (\d+) UDF file\(s\), (\d+) byte\(s\) in total/g;

/**
 * Backups in one combination, ended in one way until `stops` of them were; each is finished with `--continue`, read,
 * restored into an empty namespace, and compared.
 */
export async function crashBackups({ mode, target }: Combination, options: CrashTestOptions): Promise<CrashTestTotals> {
  return inWorld(options, async (world, totals) => {
    const ending = ENDINGS[options.how](world);
    try {
      do {
        checkProgress(totals);
        const name = `backup${totals.rounds++}`;
        const round = new BackupRound(world, mode, target.place(world.folder, name), ending, totals);
        await round.run(options);
      } while (totals.stops < options.stops && !isLate(options));
    } finally {
      ending.release?.();
    }
  });
}

/** Restores in one combination, ended until `stops` of them were, each run again until it succeeds, and compared. */
export async function crashRestores(
  { mode, target }: Combination,
  options: CrashTestOptions,
): Promise<CrashTestTotals> {
  return inWorld(options, async (world, totals) => {
    const place = target.place(world.folder, 'backup');
    const backupArgs = [...world.address, '-n', 'test', ...place.backupFlags, ...mode.flags];
    const backup = await startTool('asbackup', backupArgs).done;
    if (backup.code !== 0) throw new Error(backup.log);
    const expected = await readRecords(place.read(), mode.stored);
    const ending = ENDINGS[options.how](world);
    const restored = world.cluster.store('restored');
    do {
      checkProgress(totals);
      totals.rounds++;
      restored.truncate(undefined, Date.now() + 1);
      await sleep(5);
      const flags = [...world.address, '-n', 'test,restored', ...place.restoreFlags, ...mode.flags];
      for (let done = false; !done;) {
        const enough = totals.stops >= options.stops;
        const run = startTool('asrestore', enough ? flags : [...flags, '-N', `1000,${world.slowRate}`]);
        const working = (): boolean => restored.objects > 0;
        const phases = { working, finishing: /Finished restoring/, workMs: SLOW_RUN_S * 1000 };
        const stopMs = enough ? 0 : await ending.end(run, phases);
        const ended = await run.done;
        if (ended.code === 0) {
          totals.problems.push(...findSummaryProblems(ended.log, expected.records.size));
          done = true;
        } else {
          if (enough) throw new Error(`a restore that was run again failed:\n${ended.log}`);
          totals.stops++;
          if (restored.objects > 0) totals.resumed++;
          totals.slowestStopMs = Math.max(totals.slowestStopMs, stopMs);
        }
      }
      totals.checked += expected.records.size;
      compareRestored(world, expected.records, totals);
    } while (totals.stops < options.stops && !isLate(options));
  });
}

/** The summary accounts for each record: written by this run, or there already. */
function findSummaryProblems(log: string, records: number): string[] {
  const counts = /.*inserted (\d+): failed \d+ \(existed (\d+) , fresher (\d+)\)/s.exec(log)?.slice(1).map(Number);
  const sum = (counts ?? []).reduce((total, count) => total + count, 0);
  return sum === records ? [] : [`the restore's summary accounts for ${sum} of ${records} records`];
}

async function inWorld(
  options: CrashTestOptions,
  work: (world: World, totals: CrashTestTotals) => Promise<void>,
): Promise<CrashTestTotals> {
  const { seed, folder, records = 8_000 } = options;
  const random = seededRandom(seed);
  mkdirSync(folder, { recursive: true });
  const cluster = await InMemoryCluster.start();
  const plain = { set: 'torture', collection: 'default', context: undefined, expression: undefined } as const;
  cluster.sindexes.add({ ...plain, namespace: 'test', name: 'torture_n', bin: 'n', type: 'numeric' });
  const data = new TestData(cluster.store('test'), random, records);
  const { host, port } = cluster.seed;
  const address = ['-h', host, '-p', String(port)];
  const slowRate = Math.ceil(records / SLOW_RUN_S);
  const totals: CrashTestTotals = {
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
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    await cluster.stop();
  }
  return { ...totals, problems: totals.problems.map((problem) => `seed ${seed}: ${problem}`) };
}

/** A crash test whose runs are not stopped proves nothing. */
function checkProgress({ rounds, stops }: CrashTestTotals): void {
  if (rounds > 10 + 10 * stops) throw new Error(`only ${stops} of ${rounds} backups were stopped`);
}

function isLate({ untilMs = Infinity }: CrashTestOptions): boolean {
  return Date.now() >= untilMs;
}

/** One backup from its first run to the comparison of what was restored. */
class BackupRound {
  private readonly machinePath: string;

  constructor(
    private readonly world: World,
    private readonly mode: Mode,
    private readonly place: Place,
    private readonly ending: Ending,
    private readonly totals: CrashTestTotals,
  ) {
    this.machinePath = join(world.folder, `machine${totals.rounds}`);
  }

  async run({ stops, changing = false }: CrashTestOptions): Promise<void> {
    const { world, totals, ending, place } = this;
    world.data.forgetOldVersions();
    const changes = changing ? world.data.startChanges() : undefined;
    let log: string | undefined;
    try {
      while (log === undefined) log = await this.attempt(totals.stops >= stops);
    } finally {
      changes?.stop();
    }
    ending.relent?.();
    await this.compare(log);
    place.remove();
    rmSync(this.machinePath, { force: true });
  }

  /** One run: to its end, or until `ending` has ended it. Resolves with its log if it is complete. */
  private async attempt(enough: boolean): Promise<string | undefined> {
    const { world, place, ending, totals } = this;
    if (enough) ending.relent?.();
    else ending.arrange?.();
    const slow = ending.slow ? ['-L', String(world.slowRate)] : [];
    const run = this.startBackup(enough ? [] : [...(ending.flags ?? []), ...slow]);
    const left = 1 - Math.min(1, readSavedRecords(place.statePath) / world.data.count);
    const workMs = Math.ceil(left * SLOW_RUN_S * 1000);
    const phases = { working: /Starting backup for/, finishing: /completed, records/, workMs };
    const stopMs = enough ? 0 : await ending.end(run, phases);
    const ended: EndedRun = await run.done;
    if (ended.code === 0) return ended.log;
    if (enough) throw new Error(`an undisturbed run failed:\n${ended.log}`);
    ending.check(ended, place.statePath);
    totals.stops++;
    totals.slowestStopMs = Math.max(totals.slowestStopMs, stopMs);
    if (readSavedRecords(place.statePath) > 0) totals.resumed++;
    return undefined;
  }

  private startBackup(flags: readonly string[]): Run {
    const { world, place, mode, machinePath } = this;
    const workers = String(1 + world.random.below(3));
    const start = existsSync(place.statePath) ? ['--continue', place.statePath] : ['-r'];
    // The commands append to the machine file; only the last run's lines are compared.
    rmSync(machinePath, { force: true });
    const common = ['-n', 'test', '-F', '1', '-w', workers, '--checkpoint-interval', '1', '-m', machinePath];
    const args = [...world.address, ...common, ...place.backupFlags, ...mode.flags, ...flags, ...start];
    return startTool('asbackup', args);
  }

  private async compare(log: string): Promise<void> {
    const { place, mode, totals } = this;
    const { data } = this.world;
    const files = place.read();
    const found = await readRecords(files, mode.stored);
    const { records } = found;
    totals.checked += records.size;
    totals.duplicates += found.duplicates;
    const report = (text: string): void => void totals.problems.push(text);
    if (found.duplicates > 0) report(`${found.duplicates} record(s) are in the files more than once`);
    const lost = data.steady.filter(({ name }) => !records.has(name));
    totals.losses += lost.length;
    if (lost.length > 0) report(`${lost.length} record(s) are not in the files, such as ${lost[0]!.name}`);
    for (const [digest, text] of records) {
      if (data.versions.get(digest)?.has(text) === true) continue;
      totals.losses++;
      report(`${digest} is in the files with contents that were never written: ${JSON.stringify(text)}`);
    }
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    const expected = [records.size, 1, 0, bytes].join(':');
    const summary = [...log.matchAll(SUMMARY)].at(-1)?.slice(1, 5).join(':') ?? 'nothing';
    if (summary !== expected) report(`the summary has ${summary}, the files ${expected}`);
    const machine = /SUMMARY:(.*):\d+\n$/.exec(readFileSync(this.machinePath, 'utf8'))?.[1] ?? 'nothing';
    if (machine !== expected) report(`the machine file has ${machine}, the files ${expected}`);
    if (found.sindexes !== 1) report(`${found.sindexes} index(es) are in the files instead of 1`);
    if (existsSync(place.statePath)) report('the state file still exists');
    await this.restore(records);
  }

  private async restore(records: ReadonlyMap<string, string>): Promise<void> {
    const { world, place, mode } = this;
    world.cluster.store('restored').truncate(undefined, Date.now() + 1);
    await sleep(5);
    const flags = [...world.address, '-n', 'test,restored', ...place.restoreFlags, ...mode.flags];
    const { code, log } = await startTool('asrestore', flags).done;
    if (code !== 0) throw new Error(`the restore failed:\n${log}`);
    compareRestored(world, records, this.totals);
  }
}

/** Counts as lost what is missing or different in the namespace that a backup was restored into. */
function compareRestored(world: World, records: ReadonlyMap<string, string>, totals: CrashTestTotals): void {
  const restored = readStoredRecords(world.cluster.store('restored'));
  let different = 0;
  // The server assigns generations: a new record starts with 1.
  const withoutGeneration = (text: string | undefined): string | undefined => text?.replace(/^(.*)\n\d+\n/, '$1\n1\n');
  for (const [digest, text] of records) {
    if (withoutGeneration(restored.get(digest)) !== withoutGeneration(text)) different++;
  }
  totals.losses += different;
  if (different > 0) totals.problems.push(`${different} record(s) differ after the restore`);
  const extra = restored.size - records.size;
  if (extra > 0) totals.problems.push(`${extra} record(s) too many are there after the restore`);
}

/** Records that the state file accounts for; 0 without one. Throws if it is damaged, as a run would. */
function readSavedRecords(statePath: string): number {
  if (!existsSync(statePath)) return 0;
  return (JSON.parse(readFileSync(statePath, 'utf8')) as { counters: { records: number } }).counters.records;
}
