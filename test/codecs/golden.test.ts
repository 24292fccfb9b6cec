import { describe, expect, it } from 'vitest';
import { Codecs } from '../../src/codecs/codecs.js';
import { decode, fixture, records } from '../support/asb.js';
import { decodeAll, encodeAll, MemorySource, MODES } from '../support/codecs.js';

const GOLDEN = {
  zstd: 'zstd',
  aes128: 'aes128',
  aes256: 'aes256',
  'zstd-aes256': 'zstd + aes256',
  'compact-zstd-aes128': 'zstd + aes128',
} as const;

const plain = fixture('backups/plain/test_00000.asb');
const wanted = sorted(plain);

/** The records of a text, in the order of their digests. */
function sorted(text: Buffer): ReturnType<typeof records> {
  return records(decode(text)).sort((a, b) => a.digest.compare(b.digest));
}

describe('backups that the C tool compressed and encrypted', () => {
  it.each(Object.entries(GOLDEN))('%s holds the records of plain', async (name, mode) => {
    const stored = fixture(`backups/${name}/test_00000.asb`);
    const text = await decodeAll(MODES[mode]!, stored);
    expect(sorted(text)).toEqual(wanted);
    expect((await decodeAll(MODES[mode]!, stored, [1, 2, 3, 5, 8, 13, 21])).equals(text)).toBe(true);
  });

  it.each(Object.entries(GOLDEN))('%s: the bytes of the storage are counted', async (name, mode) => {
    const stored = fixture(`backups/${name}/test_00000.asb`);
    let bytes = 0;
    const source = (await Codecs.open(MODES[mode])).decode(new MemorySource(stored), (count) => (bytes += count));
    while ((await source.read()) !== undefined);
    expect(bytes).toBe(stored.length);
    expect(source.explain()).toBeUndefined();
  });
});

it.each(Object.entries(MODES))(
  'what was written as %s and cut short is never taken for whole',
  async (_name, options) => {
    const stored = await encodeAll(options, [plain]);
    if (options.compression === undefined) return;
    for (const length of [stored.length - 1, stored.length - 5, stored.length >> 1, 100, 20]) {
      await expect(decodeAll(options, stored.subarray(0, length))).rejects.toMatchObject({ code: 'ZSTD_TRUNCATED' });
    }
  },
);
