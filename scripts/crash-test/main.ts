/**
 * The long form of test/integration/crash-test.test.ts: every combination, ended in every way, until each has been
 * ended `--kills` times or `--seconds` have passed; then `--mutations` damaged inputs, and `--records` records
 * with WebAssembly and without.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createReaders } from '../fuzz/readers.js';
import { seededRandom } from '../fuzz/random.js';
import { fuzz } from '../fuzz/run.js';
import { fuzzScanner } from '../fuzz/scanner.js';
import { fuzzTranscoder } from '../fuzz/transcode.js';
import { loadWasmModule } from '../../src/asb/wasm-module.js';
import { crashBackups, crashRestores, type CrashTestTotals } from './crash-test.js';
import { canMountDisks, type EndingName } from './kill-modes.js';
import { COMBINATIONS } from './targets.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    mutations: { type: 'string', default: '0' },
    records: { type: 'string', default: '0' },
  },
});

function parseCount(name: keyof typeof values): number {
  const text = values[name] ?? '0';
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

const [kills, seed, mutations] = [parseCount('kills'), parseCount('seed'), parseCount('mutations')];
const records = parseCount('records');
const startedMs = Date.now();
const untilMs = values.seconds === undefined ? Infinity : startedMs + parseCount('seconds') * 1000;

interface Way {
  title: string;
  how: EndingName;
  run: typeof crashBackups;
  changing?: boolean;
}

const WAYS: readonly Way[] = [
  { title: 'backup, kill -9', how: 'kill', run: crashBackups },
  { title: 'backup, kill -9, records change', how: 'kill', run: crashBackups, changing: true },
  { title: 'backup, signals', how: 'interrupt', run: crashBackups },
  { title: 'backup, cluster lost', how: 'cut', run: crashBackups },
  { title: 'backup, disk full', how: 'disk', run: crashBackups },
  { title: 'restore, kill -9', how: 'kill', run: crashRestores },
];
const COLUMNS = ['survived', 'continued', 'backups', 'records checked', 'losses', 'duplicates', 'slowest stop ms'];

function printRow(title: string, name: string, cells: readonly (string | number)[]): void {
  const texts = cells.map((cell, i) => String(cell).padStart(COLUMNS[i]!.length + 2));
  console.log(title.padEnd(33) + name.padEnd(24) + texts.join(''));
}

function formatTotals(totals: Omit<CrashTestTotals, 'problems'>): number[] {
  const { stops, resumed, rounds, checked, losses, duplicates, slowestStopMs } = totals;
  return [stops, resumed, rounds, checked, losses, duplicates, Math.round(slowestStopMs)];
}

/** Returns how many combinations failed. */
async function crashEverything(folder: string): Promise<number> {
  let failed = 0;
  const sum = { stops: 0, resumed: 0, rounds: 0, checked: 0, losses: 0, duplicates: 0, slowestStopMs: 0 };
  printRow('how runs are ended', 'stored as', COLUMNS);
  let number = 0;
  for (const { title, how, run, changing = false } of WAYS) {
    if (how === 'disk' && !canMountDisks(folder)) {
      console.log(`${title.padEnd(33)}left out: only root can mount a small disk, where the system permits it`);
      continue;
    }
    for (const combination of COMBINATIONS) {
      if (Date.now() >= untilMs || kills === 0) continue;
      const place = join(folder, String(number));
      const options = { how, stops: kills, seed: seed + number++, folder: place, changing, untilMs };
      try {
        const totals = await run(combination, options);
        printRow(title, combination.name, formatTotals(totals));
        for (const problem of totals.problems) console.log(`  ${problem}`);
        if (totals.problems.length > 0) failed++;
        for (const key of ['stops', 'resumed', 'rounds', 'checked', 'losses', 'duplicates'] as const) {
          sum[key] += totals[key];
        }
        sum.slowestStopMs = Math.max(sum.slowestStopMs, totals.slowestStopMs);
      } catch (error) {
        failed++;
        console.log(`${title.padEnd(33)}${combination.name.padEnd(24)}${(error as Error).message}`);
      }
      rmSync(place, { recursive: true, force: true });
    }
  }
  printRow('all', '', formatTotals(sum));
  return failed;
}

/** Returns how many problems were found. */
async function fuzzEverything(): Promise<number> {
  console.log('');
  let problems = 0;
  for (const reader of createReaders()) {
    const totals = await fuzz(reader, Math.round(mutations * reader.share), seed);
    reader.close?.();
    console.log(
      `${reader.name.padEnd(33)}${totals.inputs} inputs: ${totals.read} read, ${totals.rejected} rejected, ` +
        `${totals.problems.length} faults; slowest ${totals.slowestMs.toFixed(0)} ms, ` +
        `memory grew by ${(totals.grownBytes / 2 ** 20).toFixed(0)} MiB`,
    );
    for (const problem of totals.problems.slice(0, 10)) console.log(`  ${problem}`);
    problems += totals.problems.length;
  }
  return problems;
}

/** Returns how many problems were found. */
async function compareTranscoders(): Promise<number> {
  const totals = await fuzzTranscoder(records, seed);
  console.log(
    `\n${'records as text'.padEnd(33)}${totals.records} records: ${totals.rows} one by one, ` +
      `${totals.rejected} answers rejected, ${totals.problems.length} differences`,
  );
  for (const problem of totals.problems) console.log(`  ${problem}`);
  return totals.problems.length;
}

/** Returns how many problems were found. */
function compareScanners(): number {
  const module = loadWasmModule('restore');
  if (module === undefined) throw new Error('There is no module to compare: npm run build makes it');
  const totals = fuzzScanner(module, records, seededRandom(seed));
  console.log(
    `${'records as write requests'.padEnd(33)}${totals.records} records: ${totals.scanned} by the module, ` +
      `${totals.refused} texts rejected, ${totals.problems.length} differences`,
  );
  for (const problem of totals.problems) console.log(`  ${problem}`);
  return totals.problems.length;
}

const folder = mkdtempSync(join(tmpdir(), 'asbackup-torture-'));
let failed = 0;
try {
  console.log(`--seed ${seed}\n`);
  mkdirSync(join(folder, 'runs'));
  failed += await crashEverything(join(folder, 'runs'));
  if (mutations > 0) failed += await fuzzEverything();
  if (records > 0) failed += (await compareTranscoders()) + compareScanners();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `\n${failed === 0 ? 'Nothing was lost' : `${failed} failed`} in ${Math.round((Date.now() - startedMs) / 1000)} s`,
);
process.exitCode = failed === 0 ? 0 : 1;
