/**
 * Side by side in one run: backups and restores, what each needs at least (the raw drain of the scan, ready-made frames
 * replayed, the compressor and the cipher alone), the official client, and the C tools if they are there. Machines
 * differ and are noisy: the ratios within one run are what counts.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Aerospike from 'aerospike';
import { DATASETS, writeRecords } from './data.js';
import { printGoals } from './goals.js';
import { startServer } from './server.js';
import { countsInstructions, median, timed, type Measurement } from './measure.js';

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    records: { type: 'string' },
    runs: { type: 'string' },
    datasets: { type: 'string', default: DATASETS.join() },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    base: { type: 'string' },
    'memory-records': { type: 'string' },
  },
});
const RECORDS = Number(values.records ?? (values.quick ? 60_000 : 500_000));
const RUNS = Number(values.runs ?? (values.quick ? 1 : 5));
/** The frames under way of a restore with one worker. */
const CONNECTIONS = 8;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const quote = (word: string | number): string => `'${String(word).replaceAll("'", "'\\''")}'`;
const line = (...words: (string | number)[]): string => words.map(quote).join(' ');
const node = (script: string, ...args: (string | number)[]): string => line(process.execPath, here(script), ...args);

interface Row {
  /** Instructions of the job in user mode, in thousand millions; absent where they cannot be counted. */
  instructionsG?: number;
  wallS: number;
  cpuS: number;
  runs: Measurement[];
  peakMiB?: number;
}

type Rows = Record<string, Row>;

interface DatasetReport {
  rows: Rows;
  records?: number;
  bytes?: number;
}

interface Report {
  node: string;
  cores: number;
  runs: number;
  datasets: Record<string, DatasetReport>;
}

/** Shell lines by the name of the job. */
type Jobs = Record<string, string>;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'asbackup-bench-'));
  const report: Report = { node: process.versions.node, cores: cpus().length, runs: RUNS, datasets: {} };
  console.log(`Node ${report.node}, ${report.cores} cores shared with the server; medians of ${RUNS} alternating runs`);
  console.log('Wall clock with the start of the process; CPU of the client; MiB: peak memory of the client.');
  console.log(countsInstructions() ? 'G instr: instructions in user mode.' : 'Instructions cannot be counted here.');
  try {
    if (!values.quick) report.datasets.start = { rows: await measure({}, startJobs()) };
    for (const kind of values.datasets.split(',')) {
      const path = join(folder, kind);
      mkdirSync(path);
      report.datasets[kind] = await measureDataset(kind, path);
      rmSync(path, { recursive: true });
    }
    const many = values['memory-records'];
    if (many !== undefined) report.datasets.memory = await measureMemory(Number(many), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (values.quick)
    console.log('\nA quick run only shows that everything works: most of its time is the start of processes.');
  for (const [name, dataset] of Object.entries(report.datasets)) printGoals(name, { ...dataset, cores: report.cores });
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(report, null, 2));
}

function startJobs(): Jobs {
  return {
    'node -e 0': line(process.execPath, '-e', '0'),
    '--version': node('../../bin/asbackup', '--version'),
    '--help': node('../../bin/asbackup', '--help'),
  };
}

async function measureDataset(kind: string, folder: string): Promise<DatasetReport> {
  const server = values.host === undefined ? await startServer() : undefined;
  const [host, port] = server ? [server.host, String(server.port)] : (values.host!.split(':') as [string, string]);
  try {
    const data = join(folder, 'data.asb');
    const records = await writeRecords(data, kind, RECORDS);
    const bytes = statSync(data).size;
    const at = ['-h', host, '-p', port];
    await timed(node('../../bin/asrestore', ...at, '-i', data));
    const jobs = await createJobs(kind, folder, host, port, data);
    console.log(`\n${kind}: ${records} records, ${(bytes / 1e6).toFixed(0)} MB of text\n`);
    return { records, bytes, rows: await measure({ records }, jobs) };
  } finally {
    if (server) await server.stop();
    else await truncate(host, Number(port));
  }
}

/** Backups and a restore of so many records, once each: their memory must not depend on the number. */
async function measureMemory(scale: number, folder: string): Promise<DatasetReport> {
  if (values.host === undefined)
    throw new Error('--memory-records needs --host: a server in memory cannot hold as many');
  const [host, port] = values.host.split(':') as [string, string];
  const at = ['-h', host, '-p', port];
  const data = join(folder, 'memory.asb');
  const records = await writeRecords(data, 'small', scale);
  const bytes = statSync(data).size;
  console.log(`\nmemory: ${records} small records, ${(bytes / 1e6).toFixed(0)} MB of text\n`);
  const backup = (workers: number): string =>
    `${node('../../bin/asbackup', ...at, '-n', 'test', '-d', join(folder, 'memory'), '-r', '-w', workers)} && ` +
    `rm -r ${quote(join(folder, 'memory'))}`;
  const jobs: Jobs = {
    'asrestore, one file': node('../../bin/asrestore', ...at, '-g', '--parallel', 1, '-i', data),
    'asbackup -w 1': backup(1),
    'asbackup -w 2': backup(2),
  };
  try {
    return { records, bytes, rows: await measure({ records }, jobs, 1) };
  } finally {
    await truncate(host, Number(port));
  }
}

/** The jobs of a dataset by name, each a shell line; those that others read from come first. */
async function createJobs(kind: string, folder: string, host: string, port: string, data: string): Promise<Jobs> {
  const at = ['-h', host, '-p', port];
  const out = (name: string): string => join(folder, name);
  const backup = (name: string, ...args: (string | number)[]): string =>
    node('../../bin/asbackup', ...at, '-n', 'test', '-d', out(name), '-r', ...args);
  const restore = (...args: string[]): string => node('../../bin/asrestore', ...at, '-g', ...args);
  const jobs: Jobs = {
    'raw drain of the scan': node('drain.js', host, port, 'test'),
    'asbackup -w 1': backup('w1', '-w', 1),
  };
  const cBackup = findProgram('ASBACKUP_C', 'asbackup');
  const cRestore = findProgram('ASRESTORE_C', 'asrestore');
  if (kind === 'blob') jobs['asbackup -w 1 --compact'] = backup('compact', '-w', 1, '-C');
  jobs['asbackup -w 2'] = backup('w2', '-w', 2);
  if (cBackup) {
    jobs['C asbackup -w 1'] = line(cBackup, ...at, '-n', 'test', '-d', out('c1'), '-r', '-w', 1);
    jobs['C asbackup -w 2'] = line(cBackup, ...at, '-n', 'test', '-d', out('c2'), '-r', '-w', 2);
  }
  if (kind === 'small') {
    const key = out('key.txt');
    writeFileSync(key, `BENCH_KEY=${Buffer.alloc(32, 7).toString('base64')}`);
    const aes = ['-y', 'aes256', '--encryption-key-env', 'BENCH_KEY'];
    process.env.BENCH_KEY = Buffer.alloc(32, 7).toString('base64');
    jobs['asbackup'] = backup('default');
    if (cBackup) jobs['C asbackup'] = line(cBackup, ...at, '-n', 'test', '-d', out('c0'), '-r');
    jobs['asbackup -w 2 -o - into cat'] =
      `${node('../../bin/asbackup', ...at, '-n', 'test', '-w', 2, '-o', '-')} | cat > /dev/null`;
    jobs['asbackup -w 2 -z zstd'] = backup('zstd', '-w', 2, '-z', 'zstd');
    jobs['asbackup -w 2 -y aes256'] = backup('aes', '-w', 2, ...aes);
    jobs['asbackup -w 2 -z zstd -y aes256'] = backup('both', '-w', 2, '-z', 'zstd', ...aes);
    const w2 = `cat ${quote(out('w2'))}/*`;
    if (findProgram('ZSTD', 'zstd')) jobs['zstd -3 -T2 alone'] = `${w2} | zstd -3 -T2 -c > /dev/null`;
    if (findProgram('OPENSSL', 'openssl')) {
      const hex = (bytes: number): string => Buffer.alloc(bytes, 7).toString('hex');
      jobs['openssl aes-256-ctr alone'] = `${w2} | openssl enc -aes-256-ctr -K ${hex(32)} -iv ${hex(16)} > /dev/null`;
    }
    await timed(backup('four', '-w', 4, '-F', 1 << 20));
    await timed(jobs['asbackup -w 2 -z zstd -y aes256']);
    jobs['official client, scan only'] = node('client.js', host, port, 'test');
    jobs['asrestore, directory with zstd, aes256'] = restore('-d', out('both'), '-z', 'zstd', ...aes);
  } else {
    await timed(backup('four', '-w', 4));
  }
  const frames = out('frames');
  await timed(node('frames.js', data, frames));
  jobs['ready-made frames replayed'] = node('replay.js', host, port, CONNECTIONS, frames);
  jobs['asrestore, directory'] = restore('-d', out('four'));
  jobs['asrestore, one file'] = restore('-i', data);
  if (kind === 'small') {
    jobs['asrestore --validate'] = node('../../bin/asrestore', '--validate', '-i', data);
    jobs['library reader'] = node('reader.js', here('../..'), data);
    const { base } = values;
    if (base !== undefined) {
      const program = line(process.execPath, join(base, 'bin/asrestore'), '--validate', '-i', data);
      jobs['earlier build: asrestore --validate'] = program;
      jobs['earlier build: library reader'] = node('reader.js', base, data);
    }
  }
  if (cRestore) {
    jobs['C asrestore, directory'] = line(cRestore, ...at, '-g', '-d', out('four'));
    jobs['C asrestore, one file'] = line(cRestore, ...at, '-g', '-i', data);
  }
  return jobs;
}

/** A program by environment variable or on PATH, not this project's own. */
function findProgram(variable: string, name: string): string | undefined {
  if (process.env[variable] !== undefined) return process.env[variable];
  if (name.startsWith('as')) return undefined;
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .find((folder) => {
      try {
        return readdirSync(folder).includes(name);
      } catch {
        return false;
      }
    });
}

/** Runs all jobs in turn, as often as asked, and prints the medians. */
async function measure({ records }: { records?: number }, jobs: Jobs, times = RUNS): Promise<Rows> {
  const results: Record<string, Measurement[]> = Object.fromEntries(Object.keys(jobs).map((name) => [name, []]));
  for (let run = 0; run < times; run++) {
    for (const [name, command] of Object.entries(jobs)) results[name]!.push(await timed(command));
  }
  const columns = ['wall s'.padStart(8), 'x first'.padStart(9), 'CPU s'.padStart(8)];
  if (records !== undefined) columns.push('CPU s/million'.padStart(15));
  if (countsInstructions()) columns.push('G instr'.padStart(9));
  console.log('job'.padEnd(40) + columns.join('') + 'MiB'.padStart(7));
  const rows: Rows = {};
  let first: number | undefined;
  for (const [name, runs] of Object.entries(results)) {
    const row: Row = { wallS: median(runs.map((r) => r.wallS)), cpuS: median(runs.map((r) => r.cpuS)), runs };
    const peaks = runs.map((r) => r.peakMiB).filter((peak) => peak !== undefined);
    if (peaks.length > 0) row.peakMiB = Math.max(...peaks);
    first ??= row.wallS;
    rows[name] = row;
    const cells = [
      row.wallS.toFixed(2).padStart(8),
      (row.wallS / first).toFixed(2).padStart(9),
      row.cpuS.toFixed(2).padStart(8),
    ];
    if (records !== undefined) cells.push(((row.cpuS / records) * 1e6).toFixed(2).padStart(15));
    const counted = runs.map((r) => r.instructionsG).filter((count) => count !== undefined);
    if (counted.length > 0) row.instructionsG = median(counted);
    if (countsInstructions()) cells.push((row.instructionsG?.toFixed(2) ?? '').padStart(9));
    console.log(name.padEnd(40) + cells.join('') + (row.peakMiB?.toFixed(0) ?? '').padStart(7));
  }
  return rows;
}

async function truncate(host: string, port: number): Promise<void> {
  const client = await Aerospike.connect({ hosts: [{ addr: host, port }], log: { level: Aerospike.log.OFF } });
  await client.truncate('test', 'bench', 0);
  client.close();
}

await main();
