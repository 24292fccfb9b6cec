/** The readers of files, with valid files of each kind. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Decoder, Entry, FormatError } from '../../src/asb/decoder.js';
import { Codecs, type CodecConfig } from '../../src/codecs/codecs.js';
import { StreamError } from '../../src/codecs/errors.js';
import { readKeyFile } from '../../src/codecs/key.js';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { ConfigError } from '../../src/config/file/config-error.js';
import { loadSettings } from '../../src/config/file/load.js';
import { parseState, StateError } from '../../src/engine/backup/checkpoint/state-file.js';
import type { Reader } from './run.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const fixture = (path: string): Buffer => readFileSync(at(`test/fixtures/${path}`));

/** The first part of a real backup, up to a size that keeps the loop quick. */
export const TEXTS: readonly Buffer[] = [
  fixture('vectors/sample.asb'),
  fixture('vectors/sample-compact.asb'),
  fixture('vectors/legacy-3.0.asb'),
  fixture('backups/no-bins/test_00000.asb').subarray(0, 1500),
  fixture('backups/compact/test_00000.asb').subarray(0, 2500),
];

const POSITION = /:\d+:\d+ \(byte \d+\): ./;

export function createReaders(): Reader[] {
  return [createTextReader(), ...createStoredReaders(), createStateReader(), createConfigReader()];
}

function createTextReader(): Reader {
  return {
    name: 'decoder',
    share: 0.65,
    seeds: TEXTS,
    read: (input, random) => {
      const decoder = new Decoder({ file: 'backup.asb' });
      const chunkBytes = 1 + random.below(Math.max(1, input.length));
      for (let start = 0; start < input.length; start += chunkBytes) {
        decoder.write(Buffer.from(input.subarray(start, start + chunkBytes)));
        while (decoder.next() !== Entry.NEED_DATA);
      }
      decoder.end();
      while (decoder.next() !== Entry.END);
    },
    isRejection: (error) => error instanceof FormatError && POSITION.test(error.message),
  };
}

/** Compressed and encrypted files, through everything that a restore reads them with. */
function createStoredReaders(): Reader[] {
  const key = readKeyFile(at('test/fixtures/backups/key.pem'));
  const compression = { codec: 'zstd', level: 0 } as const;
  const reader = (name: string, config: CodecConfig): Reader => {
    const pipeline = Codecs.open(config);
    return {
      name,
      share: 0.05,
      seeds: [fixture(`backups/${name}/test_00000.asb`)],
      read: async (input) => {
        let given = false;
        const source = (await pipeline).decode({
          name: 'backup.asb',
          read: () => {
            const chunk = given || input.length === 0 ? undefined : input;
            given = true;
            return Promise.resolve(chunk);
          },
          close: () => Promise.resolve(),
        });
        const decoder = new Decoder({ file: 'backup.asb' });
        for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
          decoder.write(chunk);
          while (decoder.next() !== Entry.NEED_DATA);
        }
        decoder.end();
        while (decoder.next() !== Entry.END);
      },
      isRejection: (error) =>
        error instanceof StreamError || (error instanceof FormatError && POSITION.test(error.message)),
    };
  };
  return [
    reader('zstd', { compression }),
    reader('aes256', { encryption: { mode: 'aes256', key } }),
    reader('zstd-aes256', { compression, encryption: { mode: 'aes256', key } }),
  ];
}

function createStateReader(): Reader {
  const digest = Buffer.concat([Buffer.of(100, 0), Buffer.alloc(18, 7)]).toString('base64');
  const state = {
    format: 'asbackup-state',
    version: 2,
    saved: '2026-01-02T03:04:05.678Z',
    runId: '0123456789abcdef',
    target: '/backups/test',
    identity: { namespace: 'test', sets: 'a,b', compact: false, 'key fingerprint': 'ab12' },
    cluster: { name: 'cluster', nodes: ['BB9F1', 'BB9F2'] },
    filters: ['0-4096'],
    partitions: { done: '0-99,200-300,4095', after: { 100: digest } },
    files: [
      { name: 'test_00000.asb', bytes: 1234 },
      { name: 'test_00001.asb', bytes: 0, vector: '0123456789abcdef0123456789abcdef' },
    ],
    counters: { records: 10, bytes: 1234, sindexes: 2, udfs: 1 },
  };
  const stdout = { ...state, filters: [digest], files: [], partitions: { done: '', after: {} } };
  return {
    name: 'state file',
    share: 0.15,
    seeds: [state, stdout].map((one) => Buffer.from(`${JSON.stringify(one, undefined, 1)}\n`)),
    read: (input) => {
      const { cursors, filters, files } = parseState(withChecksum(input), 'a.state');
      // What was read must be fit for use.
      for (const filter of filters) cursors.within(filter);
      cursors.toJSON();
      if (!files.every(({ name, bytes }) => name !== '' && bytes >= 0)) throw new Error('a file that cannot be');
    },
    isRejection: (error) => error instanceof StateError && error.message.startsWith('a.state '),
  };
}

/** The damaged state with a checksum that is right: what the checksum would hide is to be found, too. */
function withChecksum(input: Buffer): Buffer {
  let value: unknown;
  try {
    value = JSON.parse(input.toString('utf8'));
  } catch {
    return input;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return input;
  const rest: Record<string, unknown> = { ...value };
  delete rest.checksum;
  const checksum = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
  return Buffer.from(JSON.stringify({ ...rest, checksum }));
}

function createConfigReader(): Reader {
  let folder: string | undefined;
  return {
    name: 'configuration file',
    share: 0.05,
    seeds: [
      readFileSync(at('conf/astools.conf.sample')).subarray(0, 3000),
      Buffer.from(readFileSync(at('conf/astools.conf.sample'), 'utf8').replace(/^#(?=[a-z-]+ =)/gm, '')),
    ],
    read: async (input) => {
      folder ??= mkdtempSync(join(tmpdir(), 'asbackup-fuzz-'));
      const path = join(folder, 'astools.conf');
      writeFileSync(path, input);
      await loadSettings(backupSchema, { files: [{ path, required: true }] });
    },
    isRejection: (error) => error instanceof ConfigError && error.message.includes('astools.conf'),
    close: () => {
      if (folder !== undefined) rmSync(folder, { recursive: true });
    },
  };
}
