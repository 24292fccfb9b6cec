/** Small files that unfold into much, and files that have no end: memory stays bounded and signals are heard. */
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { startTool, type Run } from '../crash-test/tool-run.js';
import { lastError, withCluster, type Attack, type AttackContext } from './attack.js';

const HEAD = 'Version 3.1\n# namespace test\n# first-file\n';
const MIB = 1 << 20;
const HANG_MS = 60_000;
const POLL_MS = 10;
/** Node.js with its worker threads takes about 90 MiB by itself. */
const LIMIT_MIB = 300;

const ZSTD_MAGIC = Buffer.from('28b52ffd', 'hex');
/** No content size, no checksum; a window of 128 KiB. */
const FRAME_HEADER = Buffer.from([0x00, 0x38]);
const BLOCK_BYTES = 128 << 10;
const RAW_BLOCK = 0;
/** One byte that stands for a whole block. */
const REPEATED_BYTE = 1;
const EMPTY_FRAME = Buffer.from('28b52ffd2000010000', 'hex');

/** A frame that holds `before`, `count` times the byte `filler`, and a line end. */
function encodeFrame(before: string, filler: number, count: number): Buffer {
  const parts: Buffer[] = [ZSTD_MAGIC, FRAME_HEADER];
  const text = Buffer.from(before);
  if (text.length > 0) parts.push(encodeBlockHeader(RAW_BLOCK, text.length), text);
  for (let left = count; left > 0; left -= BLOCK_BYTES) {
    parts.push(encodeBlockHeader(REPEATED_BYTE, Math.min(left, BLOCK_BYTES)), Buffer.of(filler));
  }
  parts.push(encodeBlockHeader(RAW_BLOCK, 1, true), Buffer.from('\n'));
  return Buffer.concat(parts);
}

function encodeBlockHeader(type: number, bytes: number, isLast = false): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((bytes << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3);
  return header;
}

/** The largest resident set so far; 0 where there is no /proc. */
function readPeakMib({ child }: Run): number {
  try {
    const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Whether the process has a file open whose name ends so. */
function isReading({ child }: Run, suffix: string): boolean {
  const folder = `/proc/${child.pid ?? 0}/fd`;
  try {
    return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)).endsWith(suffix));
  } catch {
    // Closed at this moment.
    return false;
  }
}

async function watchMemory(run: Run): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, readPeakMib(run));
  }, POLL_MS);
  await run.done.finally(() => clearInterval(timer));
  return peak;
}

/** Both the validation and the restore of a file must end with `code`, within the limit of memory. */
function unfold(
  name: string,
  code: number,
  make: (context: AttackContext) => Buffer,
  flags: readonly string[],
): Attack {
  return {
    name: `restore of ${name} does not fill the memory`,
    run: async (context) =>
      withCluster(0, context.random, async (_, port) => {
        const directory = join(context.folder, 'backup');
        mkdirSync(directory);
        writeFileSync(join(directory, 'test_00000.asb'), make(context));
        const problems: string[] = [];
        for (const more of [['--validate'], ['-p', String(port), '--no-udfs', '--no-indexes']]) {
          const args = ['--no-config-file', '-d', directory, ...flags, ...more];
          const run = startTool('asrestore', args, { hangMs: HANG_MS });
          const peak = await watchMemory(run);
          const ended = await run.done;
          const what = more.join(' ');
          if (peak > LIMIT_MIB) problems.push(`${what}: ${Math.round(peak)} MiB`);
          if (ended.code !== code) {
            problems.push(`${what}: exit code ${ended.code ?? ended.signal ?? ''} with: ${lastError(ended)}`);
          }
        }
        return problems;
      }),
  };
}

const endlessFile: Attack = {
  name: 'validation of a file whose frames hold nothing hears SIGINT',
  run: async ({ random, folder }) => {
    const directory = join(folder, 'backup');
    mkdirSync(directory);
    const file = createWriteStream(join(directory, 'test_00000.asb'));
    file.write(encodeFrame(HEAD.slice(0, -1), 0x20, 0));
    const frames = Buffer.concat(Array<Buffer>(100_000).fill(EMPTY_FRAME));
    for (let i = 0; i < 100 + random.below(20); i++) if (!file.write(frames)) await once(file, 'drain');
    file.end();
    await once(file, 'finish');
    const args = ['--no-config-file', '--validate', '-v', '-d', directory, '-z', 'zstd'];
    const run = startTool('asrestore', args, { hangMs: HANG_MS });
    await run.until(() => !existsSync('/proc/self/fd') || isReading(run, '.asb'));
    run.child.kill('SIGINT');
    const { code, signal } = await run.done;
    return code === 1 ? [] : [`exit code ${code ?? 'null'}, signal ${signal ?? 'none'}`];
  },
};

export const BOMBS: readonly Attack[] = [
  unfold(
    'compressed modules of any size',
    1,
    ({ random }) => {
      const sizes = Array.from({ length: 60 }, () => (2 + random.below(100)) * MIB);
      const modules = sizes.map((size) => encodeFrame(`* u L a.lua ${size} `, 0x20, size));
      return Buffer.concat([encodeFrame(HEAD.slice(0, -1), 0x20, 0), ...modules]);
    },
    ['-z', 'zstd'],
  ),
  unfold(
    'more modules than a server takes, each as large as allowed',
    1,
    () => {
      const modules = Array.from({ length: 300 }, (_, i) => encodeFrame(`* u L m${i}.lua ${MIB} `, 0x20, MIB));
      return Buffer.concat([encodeFrame(HEAD.slice(0, -1), 0x20, 0), ...modules]);
    },
    ['-z', 'zstd'],
  ),
  unfold(
    'millions of indexes',
    1,
    ({ random }) => {
      const lines = Array.from({ length: 50_000 }, (_, i) => `* i test set idx${i} N 1 bin${random.below(10)} N\n`);
      return Buffer.from(HEAD + lines.join('').repeat(20));
    },
    [],
  ),
  endlessFile,
];
