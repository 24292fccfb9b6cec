/**
 * What checkpoints cost, as wall and processor time next to runs that save their state at the end only. A run must last
 * longer than the interval, or else there is no checkpoint to measure: `--records` sees to that.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeSmallRecords } from './bench-data.js';
import { startServer } from './lib-server.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '5000000' },
    runs: { type: 'string', default: '5' },
    workers: { type: 'string', default: '2' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const RUNS = Number(values.runs);
const INTERVALS_S = [0, 10, 1];
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

function timed(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(
      'bash',
      ['-c', 'TIMEFORMAT="TIMED %R %U %S"; time "$@"', 'bash', process.execPath, here(script), ...args],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    child.on('close', (code) => {
      const match = /TIMED ([\d.]+) ([\d.]+) ([\d.]+)/.exec(log);
      if (code !== 0 || !match) return reject(new Error(`${script} ended with code ${code}:\n${log}`));
      const [wall, user, system] = match.slice(1).map(Number);
      resolve({ wall, cpu: user + system });
    });
  });
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

const server = await startServer();
const folder = mkdtempSync(join(values.directory, 'asbackup-checkpoint-'));
try {
  const cluster = ['-h', server.host, '-p', String(server.port)];
  const data = join(folder, 'data.asb');
  await writeSmallRecords(data, Number(values.records));
  await timed('../bin/asrestore', [...cluster, '-i', data]);
  rmSync(data);
  const out = join(folder, 'out');
  const backup = (seconds) =>
    timed('../bin/asbackup', [
      ...[...cluster, '-n', 'test', '-d', out, '-r', '-w', values.workers],
      ...['--checkpoint-interval', String(seconds)],
    ]);
  await backup(0);
  const results = new Map(INTERVALS_S.map((seconds) => [seconds, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const seconds of INTERVALS_S) results.get(seconds).push(await backup(seconds));
  }
  const of = (seconds, key) => median(results.get(seconds).map((run) => run[key]));
  console.log(`${values.records} records, ${values.workers} worker(s), ${RUNS} alternating runs, medians`);
  console.log(
    'interval s'.padEnd(12) + 'wall s'.padStart(8) + 'ratio'.padStart(8) + 'CPU s'.padStart(8) + 'ratio'.padStart(8),
  );
  for (const seconds of INTERVALS_S) {
    const cells = ['wall', 'cpu'].flatMap((key) => [
      of(seconds, key).toFixed(2),
      (of(seconds, key) / of(0, key)).toFixed(3),
    ]);
    const name = seconds === 0 ? 'at the end' : String(seconds);
    console.log(name.padEnd(12) + cells.map((cell) => cell.padStart(8)).join(''));
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
