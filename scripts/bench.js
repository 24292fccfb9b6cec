/**
 * Side by side in one run: raw drain of the scan, backup with one and two workers, restore, and a scan with the official
 * client. Machines differ; the ratios to the raw drain are what counts.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Aerospike from 'aerospike';
import { writeSmallRecords } from './bench-data.js';
import { startServer } from './lib-server.js';

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    records: { type: 'string', default: '500000' },
    runs: { type: 'string', default: '5' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const RECORDS = values.quick ? 100_000 : Number(values.records);
const RUNS = values.quick ? 3 : Number(values.runs);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function main() {
  const server = values.host === undefined ? await startServer() : undefined;
  const [host, port] = server ? [server.host, String(server.port)] : values.host.split(':');
  const folder = mkdtempSync(join(tmpdir(), 'asbackup-bench-'));
  try {
    const data = join(folder, 'data.asb');
    await writeSmallRecords(data, RECORDS);
    const cluster = ['-h', host, '-p', port];
    await timed(node('../bin/asrestore', ...cluster, '-i', data));

    const backup = (workers) =>
      node('../bin/asbackup', ...cluster, '-n', 'test', '-d', join(folder, 'out'), '-r', '-w', String(workers));
    const jobs = {
      'raw drain of the scan': node('bench-drain.js', host, port, 'test'),
      'asbackup -w 1': backup(1),
      'asbackup -w 2': backup(2),
      'asrestore (records newer)': node('../bin/asrestore', ...cluster, '-d', join(folder, 'out'), '-g'),
      'official client, scan only': node('bench-client.js', host, port, 'test'),
    };
    const results = Object.fromEntries(Object.keys(jobs).map((name) => [name, []]));
    for (let run = 0; run < RUNS; run++) {
      for (const [name, command] of Object.entries(jobs)) results[name].push(await timed(command));
    }
    print(results);
  } finally {
    if (server) await server.stop();
    else await truncate(host, Number(port));
    rmSync(folder, { recursive: true });
  }
}

function node(script, ...args) {
  return [process.execPath, here(script), ...args];
}

/** Runs a command; wall and CPU seconds as bash's `time` gives them. */
function timed([command, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', 'TIMEFORMAT="TIMED %R %U %S"; time "$@"', 'bash', command, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    child.on('close', (code) => {
      const match = /TIMED ([\d.]+) ([\d.]+) ([\d.]+)/.exec(log);
      if (code !== 0 || !match) return reject(new Error(`${args.join(' ')} ended with code ${code}:\n${log}`));
      const [wall, user, system] = match.slice(1).map(Number);
      resolve({ wall, cpu: user + system });
    });
  });
}

async function truncate(host, port) {
  const client = await Aerospike.connect({ hosts: [{ addr: host, port }], log: { level: Aerospike.log.OFF } });
  await client.truncate('test', 'bench', 0);
  client.close();
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function print(results) {
  const rows = Object.entries(results).map(([name, runs]) => ({
    name,
    wall: median(runs.map(({ wall }) => wall)),
    cpu: median(runs.map(({ cpu }) => cpu)),
  }));
  const drain = rows[0];
  console.log(`${RECORDS} records of 3 bins, ${RUNS} alternating runs, medians, process start included`);
  console.log(`Node ${process.versions.node}, ${cpus().length} cores shared with the server\n`);
  console.log('job'.padEnd(28) + 'wall s'.padStart(8) + '× drain'.padStart(9) + 'CPU s per million'.padStart(19));
  for (const row of rows) {
    row.ratio = row.wall / drain.wall;
    row.cpuPerMillion = (row.cpu / RECORDS) * 1e6;
    console.log(
      row.name.padEnd(28) +
        row.wall.toFixed(2).padStart(8) +
        row.ratio.toFixed(2).padStart(9) +
        row.cpuPerMillion.toFixed(2).padStart(19),
    );
  }
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ records: RECORDS, runs: RUNS, rows }, null, 2));
}

await main();
