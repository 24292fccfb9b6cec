/**
 * Encrypted backups that are killed and continued, while somebody keeps a copy of what was there at each moment: two
 * texts encrypted with the same counters show each other without the key.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decryptVector, type Encryption } from '../../src/codecs/aes-ctr.js';
import { readKeyFile } from '../../src/codecs/key.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { TestData } from '../crash-test/data.js';
import type { Run } from '../crash-test/tool-run.js';
import { runBackup, runValidate, startBackup, type Attack, type AttackContext } from './attack.js';

const KEY_FILE = fileURLToPath(new URL('../../test/fixtures/backups/key.pem', import.meta.url));
const RECORDS = 5000;
const KILLS = 3;
const VECTOR_BYTES = 16;
const BLOCK_BYTES = 16;
/** Bytes behind the last checkpoint, so that there is something to encrypt a second time. */
const EXPOSED_BYTES = 5000;

/** Bytes that were encrypted with the counters from `first` on. */
interface Stream {
  name: string;
  first: bigint;
  bytes: Buffer;
}

function reuse(name: string, isFile: boolean, mode: Encryption['mode'], flags: readonly string[]): Attack {
  return {
    name: `encrypted backup ${name}, killed and continued, uses no counter for two texts`,
    run: (context) => killAndContinue(context, isFile, mode, flags),
  };
}

async function killAndContinue(
  { random, folder }: AttackContext,
  isFile: boolean,
  mode: Encryption['mode'],
  flags: readonly string[],
): Promise<string[]> {
  const cluster = await InMemoryCluster.start();
  const data = new TestData(cluster.store('test'), random, RECORDS);
  // Otherwise the second text would be the first one.
  const changes = data.startChanges();
  try {
    const directory = join(folder, 'backup');
    mkdirSync(directory);
    const path = join(directory, 'one.asb');
    const state = isFile ? `${path}.state` : join(directory, 'test.asb.state');
    const coding = ['-y', mode, '--encryption-key-file', KEY_FILE, ...flags];
    const args = [isFile ? '-o' : '-d', isFile ? path : directory, ...coding];
    const copies: Stream[] = [];
    const copy = (moment: string): void => {
      const place = join(folder, moment);
      mkdirSync(place);
      for (const file of readdirSync(directory).filter((text) => /\.asb(?:\.tmp)?/.test(text))) {
        if (file.endsWith('.state') || file.endsWith('.lock')) continue;
        const kept = join(place, file);
        copyFileSync(join(directory, file), kept);
        const stream = readStream(`${moment} ${file}`, kept, mode);
        if (stream !== undefined) copies.push(stream);
      }
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const more = existsSync(state) ? ['--continue', state] : ['-r'];
      const slowly = ['-L', '1000', '--checkpoint-interval', '1', '-w', '2'];
      const run = startBackup(cluster.seed.port, [...args, ...slowly, ...more]);
      await killBehindCheckpoint(run, state, directory, random.below(3) === 0);
      copy(`kill ${kill}`);
    }
    const more = existsSync(state) ? ['--continue', state] : ['-r'];
    const finished = await runBackup(cluster.seed.port, [...args, ...more]);
    copy('end');
    const problems = findReuse(copies);
    if (finished.code !== 0) problems.push(`the last run failed: ${finished.log.slice(-300)}`);
    const valid = await runValidate([isFile ? '-i' : '-d', isFile ? path : directory, ...coding]);
    if (valid.code !== 0) problems.push(`it cannot be read any more: ${valid.log.slice(-300)}`);
    return problems;
  } finally {
    changes.stop();
    await cluster.stop();
  }
}

/** Kills the run when it has written bytes that its state does not name; `early`: as soon as it writes its state. */
async function killBehindCheckpoint(run: Run, state: string, directory: string, early: boolean): Promise<void> {
  const before = existsSync(state) ? statSync(state).mtimeMs : 0;
  await run.until(() => {
    if (!existsSync(state) || statSync(state).mtimeMs === before) return false;
    return early || exposedBytes(state, directory) > EXPOSED_BYTES;
  });
  run.child.kill('SIGKILL');
  await run.done;
}

function exposedBytes(state: string, directory: string): number {
  try {
    const { files } = JSON.parse(readFileSync(state, 'utf8')) as { files: { bytes: number }[] };
    const kept = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const names = readdirSync(directory).filter((name) => name.endsWith('.asb'));
    return kept === 0 ? 0 : names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0) - kept;
  } catch {
    // Replaced at this moment.
    return 0;
  }
}

function readStream(name: string, path: string, mode: Encryption['mode']): Stream | undefined {
  const all = readFileSync(path);
  if (all.length <= VECTOR_BYTES) return undefined;
  const vector = decryptVector({ mode, key: readKeyFile(KEY_FILE) }, all.subarray(0, VECTOR_BYTES));
  return {
    name,
    first: BigInt(`0x${Buffer.from(vector).toString('hex')}`),
    bytes: all.subarray(VECTOR_BYTES),
  };
}

/** Where two streams used the same counters, their bytes must be the same: then the text was. */
function findReuse(streams: readonly Stream[]): string[] {
  const problems: string[] = [];
  for (const [i, a] of streams.entries()) {
    for (const b of streams.slice(i + 1)) {
      const shift = Number(b.first - a.first) * BLOCK_BYTES;
      const from = Math.max(0, shift);
      const to = Math.min(a.bytes.length, b.bytes.length + shift);
      if (from >= to) continue;
      const inA = a.bytes.subarray(from, to);
      const inB = b.bytes.subarray(from - shift, to - shift);
      if (!inA.equals(inB)) problems.push(`${to - from} bytes of "${a.name}" and "${b.name}" have the same counters`);
    }
  }
  return problems;
}

export const KEY_STREAM: readonly Attack[] = [
  reuse('in a directory', false, 'aes256', []),
  reuse('in one file', true, 'aes128', []),
  reuse('in one compressed file', true, 'aes256', ['-z', 'zstd']),
];
