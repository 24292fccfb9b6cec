/**
 * Backups and restores over links with a latency and a bandwidth: how much of the link they use with more workers.
 * Usage: link.js [--records N] [--workers 1,2,8] [--links 1,10] [--latencies 1,5]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeRecords } from './data.js';
import { timed } from './measure.js';
import { LinkProxy, type LinkShape } from './proxy.js';
import { startServer } from './server.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '400000' },
    workers: { type: 'string', default: '1,2,8' },
    /** Gbit/s; 0 = no limit. */
    links: { type: 'string', default: '1,10' },
    latencies: { type: 'string', default: '1,5' },
  },
});
const CLIENT_SIDE = '127.0.0.1';
const SERVER_SIDE = '127.0.0.2';
const FILES = 8;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const numbers = (list: string): number[] => list.split(',').map(Number);
const quote = (word: string | number): string => `'${String(word)}'`;
const node = (...words: (string | number)[]): string => [process.execPath, ...words].map(quote).join(' ');

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'asbackup-link-'));
  const free: LinkShape = { latencyMs: 0, bytesPerSecond: Infinity };
  const proxy = await LinkProxy.listen(CLIENT_SIDE, SERVER_SIDE, free);
  const server = await startServer([SERVER_SIDE, CLIENT_SIDE, String(proxy.port)], here('link-server.js'));
  const at = ['-h', CLIENT_SIDE, '-p', proxy.port];
  try {
    const data = join(folder, 'data.asb');
    const records = await writeRecords(data, 'small', Number(values.records));
    await timed(node(here('../../bin/asrestore'), ...at, '-i', data));
    const files = join(folder, 'files');
    mkdirSync(files);
    await timed(node(here('../../bin/asbackup'), ...at, '-n', 'test', '-d', files, '-r', '-w', FILES));
    console.log(`${records} small records; share: of the link, while data flows\n`);
    console.log('| link | latency ms | job | wall s | MB/s | share |\n|---|---|---|---|---|---|');
    const shapes = numbers(values.links).flatMap((gigabits) =>
      numbers(values.latencies).map((latencyMs) => ({ gigabits, latencyMs })),
    );
    for (const { gigabits, latencyMs } of shapes) {
      const bytesPerSecond = gigabits === 0 ? Infinity : (gigabits * 1e9) / 8;
      for (const workers of numbers(values.workers)) {
        const jobs = {
          [`backup -w ${workers}`]: [
            ...[here('../../bin/asbackup'), ...at, '-n', 'test'],
            ...['-d', join(folder, 'out'), '-r', '-w', workers],
          ],
          [`restore --parallel ${workers}`]: [
            here('../../bin/asrestore'),
            ...at,
            '-g',
            '-d',
            files,
            '--parallel',
            workers,
          ],
        };
        for (const [name, words] of Object.entries(jobs)) {
          proxy.setShape({ latencyMs, bytesPerSecond });
          const { wallS } = await timed(node(...words));
          const { up, down } = proxy.takeTraffic();
          const { bytes, spanS } = name.startsWith('backup') ? down : up;
          const speed = bytes / spanS;
          const share = bytesPerSecond === Infinity ? '' : `${((speed / bytesPerSecond) * 100).toFixed(0)} %`;
          const link = gigabits === 0 ? 'none' : `${gigabits} Gbit/s`;
          console.log(
            `| ${link} | ${latencyMs} | ${name} | ${wallS.toFixed(2)} | ${(speed / 1e6).toFixed(0)} | ${share} |`,
          );
        }
      }
    }
  } finally {
    await server.stop();
    proxy.close();
    rmSync(folder, { recursive: true });
  }
}

await main();
process.exit();
