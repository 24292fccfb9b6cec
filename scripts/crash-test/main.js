/**
 * The long form of test/integration/torture.test.ts: every combination, ended in every way, until each has been ended
 * `--kills` times or `--seconds` are over; then `--mutations` damaged inputs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from '../fuzz/run.js';
import { COMBINATIONS, hasDisks, tortureBackup, tortureRestore } from './crash-test.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seconds: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    mutations: { type: 'string', default: '0' },
  },
});
const count = (name) => {
  const number = Number(values[name]);
  if (!/^\d+$/.test(values[name] ?? '0')) throw new Error(`--${name} takes a whole number, not "${values[name]}"`);
  return number;
};
const [kills, seed, mutations] = [count('kills'), count('seed'), count('mutations')];
const startedMs = Date.now();
const untilMs = values.seconds === undefined ? Infinity : startedMs + count('seconds') * 1000;

const WAYS = [
  { title: 'backup, kill -9', how: 'kill', torture: tortureBackup },
  { title: 'backup, kill -9, records change', how: 'kill', torture: tortureBackup, changing: true },
  { title: 'backup, signals', how: 'interrupt', torture: tortureBackup },
  { title: 'backup, cluster lost', how: 'cut', torture: tortureBackup },
  { title: 'backup, disk full', how: 'disk', torture: tortureBackup },
  { title: 'restore, kill -9', how: 'kill', torture: tortureRestore },
];
const COLUMNS = ['survived', 'continued', 'backups', 'records checked', 'losses', 'duplicates', 'slowest stop ms'];

function row(title, name, cells) {
  console.log(
    title.padEnd(33) + name.padEnd(24) + cells.map((cell, i) => String(cell).padStart(COLUMNS[i].length + 2)).join(''),
  );
}

async function tortureAll(folder) {
  let failed = 0;
  const sum = { stops: 0, resumed: 0, rounds: 0, checked: 0, losses: 0, duplicates: 0, slowestStopMs: 0 };
  const cellsOf = (totals) => [
    totals.stops,
    totals.resumed,
    totals.rounds,
    totals.checked,
    totals.losses,
    totals.duplicates,
    Math.round(totals.slowestStopMs),
  ];
  row('how runs are ended', 'stored as', COLUMNS);
  let number = 0;
  for (const { title, how, torture, changing = false } of WAYS) {
    if (how === 'disk' && !hasDisks(folder)) {
      console.log(`${title.padEnd(33)}left out: a small disk takes root, and a system that lets it mount one`);
      continue;
    }
    for (const combination of COMBINATIONS) {
      if (Date.now() >= untilMs || kills === 0) continue;
      const place = join(folder, String(number));
      const options = { how, stops: kills, seed: seed + number++, folder: place, changing, untilMs };
      try {
        const totals = await torture(combination, options);
        row(title, combination.name, cellsOf(totals));
        for (const problem of totals.problems) console.log(`  ${problem}`);
        if (totals.problems.length > 0) failed++;
        for (const key of Object.keys(sum)) sum[key] += totals[key];
        sum.slowestStopMs = Math.max(sum.slowestStopMs - totals.slowestStopMs, totals.slowestStopMs);
      } catch (error) {
        failed++;
        console.log(`${title.padEnd(33)}${combination.name.padEnd(24)}${error.message}`);
      }
      rmSync(place, { recursive: true, force: true });
    }
  }
  row('all', '', cellsOf(sum));
  return failed;
}

const folder = mkdtempSync(join(tmpdir(), 'asbackup-torture-'));
let failed = 0;
try {
  console.log(`--seed ${seed}\n`);
  mkdirSync(join(folder, 'runs'));
  failed += await tortureAll(join(folder, 'runs'));
  if (mutations > 0) failed += await fuzzAll();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `\n${failed === 0 ? 'Nothing was lost' : `${failed} failed`} in ${Math.round((Date.now() - startedMs) / 1000)} s`,
);
process.exitCode = failed === 0 ? 0 : 1;

async function fuzzAll() {
  const { FUZZERS } = await import('../fuzz/targets.js');
  console.log('');
  let problems = 0;
  for (const fuzzer of FUZZERS) {
    const share = Math.round(mutations * fuzzer.share);
    const totals = await fuzz(fuzzer, share, seed);
    fuzzer.close?.();
    console.log(
      `${fuzzer.name.padEnd(33)}${totals.inputs} inputs: ${totals.read} read, ${totals.refused} refused, ` +
        `${totals.problems.length} faults; slowest ${totals.slowestMs.toFixed(0)} ms, ` +
        `memory grew by ${(totals.grownBytes / 2 ** 20).toFixed(0)} MiB`,
    );
    for (const problem of totals.problems.slice(0, 10)) console.log(`  ${problem}`);
    problems += totals.problems.length;
  }
  return problems;
}
