/**
 * What checkpoints cost: backups of the same data in turn, with a checkpoint a second and with none but the last. A run
 * of a few seconds has a few; their cost per second is ten times that of the default interval of ten seconds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Aerospike from 'aerospike';
import { writeRecords } from './data.js';
import { median, timed, type Measurement } from './measure.js';
import { startServer } from './server.js';

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    records: { type: 'string', default: '5000000' },
    runs: { type: 'string', default: '5' },
    workers: { type: 'string', default: '2' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const RUNS = Number(values.runs);
const DEFAULT_INTERVAL_S = 10;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const server = values.host === undefined ? await startServer() : undefined;
const [host, port] = server ? [server.host, String(server.port)] : (values.host!.split(':') as [string, string]);
const folder = mkdtempSync(join(values.directory, 'asbackup-checkpoint-'));
try {
  const data = join(folder, 'data.asb');
  await writeRecords(data, 'small', Number(values.records));
  const line = (script: string, ...args: (string | number)[]): string =>
    [process.execPath, here(script), '-h', host, '-p', port, ...args].join(' ');
  await timed(line('../../bin/asrestore', '-g', '-i', data));
  rmSync(data);
  const backup = (seconds: number): Promise<Measurement> =>
    timed(
      line(
        '../../bin/asbackup',
        '-n test -r -d',
        join(folder, 'out'),
        '-w',
        values.workers,
        '--checkpoint-interval',
        seconds,
      ),
    );
  await backup(0);
  const often: Measurement[] = [];
  const never: Measurement[] = [];
  for (let run = 0; run < RUNS; run++) {
    often.push(await backup(1));
    never.push(await backup(0));
  }
  console.log(`${values.records} records, ${values.workers} worker(s), ${RUNS} alternating runs, medians`);
  console.log('checkpoints'.padEnd(20) + 'wall s'.padStart(8) + 'CPU s'.padStart(8));
  const row = (name: string, runs: readonly Measurement[]): { wallS: number; cpuS: number } => {
    const [wallS, cpuS] = [median(runs.map((run) => run.wallS)), median(runs.map((run) => run.cpuS))];
    console.log(name.padEnd(20) + wallS.toFixed(2).padStart(8) + cpuS.toFixed(2).padStart(8));
    return { wallS, cpuS };
  };
  const with1 = row('every second', often);
  const without = row('only at the end', never);
  const percent = (key: 'wallS' | 'cpuS'): string =>
    (((with1[key] - without[key]) / without[key] / DEFAULT_INTERVAL_S) * 100).toFixed(2);
  console.log(
    `at the default interval of ${DEFAULT_INTERVAL_S} s: ${percent('wallS')} % of the wall clock, ${percent('cpuS')} % of CPU`,
  );
} finally {
  if (server) await server.stop();
  else {
    const client = await Aerospike.connect({
      hosts: [{ addr: host, port: Number(port) }],
      log: { level: Aerospike.log.OFF },
    });
    await client.truncate('test', 'bench', 0);
    client.close();
  }
  rmSync(folder, { recursive: true });
}
