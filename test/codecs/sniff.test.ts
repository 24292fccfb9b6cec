import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { explainHead } from '../../src/codecs/sniff.js';
import { type EncryptionKey, keyFromEnvironment } from '../../src/codecs/key.js';
import { Codecs, type CodecConfig } from '../../src/codecs/codecs.js';
import { fixture } from '../support/asb.js';
import { encodeAll, key, MemorySource, MODES, readUntilError } from '../support/codecs.js';

const text = fixture('backups/plain/test_00000.asb');
const other: EncryptionKey = keyFromEnvironment('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=', 'OTHER');

async function explain(stored: Buffer, options: CodecConfig): Promise<string | undefined> {
  const source = (await Codecs.open(options)).decode(new MemorySource(stored));
  await readUntilError(source);
  return source.explain()?.reason;
}

/** Stored as, read as, what is said. */
const CASES: readonly (readonly [stored: string, read: string, said: string | undefined])[] = [
  ...Object.keys(MODES).map((mode) => [mode, mode, undefined] as const),
  ['plain', 'zstd', 'it is not compressed'],
  ['plain', 'aes128', 'it is not encrypted'],
  ['plain', 'zstd + aes256', 'it is not encrypted and not compressed'],
  ['zstd', 'plain', 'it is compressed with zstd'],
  ['zstd', 'aes256', 'it is compressed with zstd, but not encrypted'],
  ['zstd', 'zstd + aes128', 'it is compressed with zstd, but not encrypted'],
  ['aes128', 'plain', 'it looks encrypted'],
  ['aes128', 'zstd', 'it looks encrypted'],
  ['aes128', 'aes256', 'it is encrypted with aes128, not with aes256'],
  ['aes256', 'aes128', 'it is encrypted with aes256, not with aes128'],
  ['aes128', 'zstd + aes128', 'the key is right, but the data are not compressed'],
  ['aes256', 'zstd + aes128', 'it is encrypted with aes256, not with aes128, and not compressed'],
  ['zstd + aes128', 'aes128', 'the key is right, but the data are compressed with zstd as well'],
  ['zstd + aes128', 'aes256', 'it is encrypted with aes128, not with aes256, and compressed with zstd'],
  ['zstd + aes128', 'zstd + aes256', 'it is encrypted with aes128, not with aes256'],
  ['zstd + aes128', 'zstd', 'it looks encrypted'],
  ['zstd + aes256', 'plain', 'it looks encrypted'],
];

describe('what was stored in one way and is read in another', () => {
  it.each(CASES)('%s, read as %s', async (stored, read, said) => {
    const bytes = await encodeAll(MODES[stored]!, [text]);
    expect(await explain(bytes, MODES[read]!)).toBe(said);
  });

  it('can be a short file too', async () => {
    const short = Buffer.from('Version 3.1\n# namespace test\n');
    for (const [stored, read, said] of CASES) {
      expect(await explain(await encodeAll(MODES[stored]!, [short]), MODES[read]!), `${stored} as ${read}`).toBe(said);
    }
  });
});

describe('a wrong key', () => {
  it.each(['aes128', 'aes256', 'zstd + aes128'])('is named: %s', async (name) => {
    const options = MODES[name]!;
    const wrong = { ...options, encryption: { ...options.encryption!, key: other } };
    expect(await explain(await encodeAll(options, [text]), wrong)).toBe(
      'it cannot be decrypted with the 32 bytes of the environment variable OTHER: that is not the key it was encrypted ' +
        'with, or the file is damaged or no backup',
    );
  });

  it('is told apart from the right key in a wrong form', async () => {
    const body = (path: string): string =>
      fixture(path)
        .toString()
        .replace(/-----[^\n]*-----|\s/g, '');
    const mistaken = keyFromEnvironment(body('backups/key.pem'), 'KEY');
    const stored = await encodeAll({ encryption: { mode: 'aes256', key } }, [text]);
    expect(await explain(stored, { encryption: { mode: 'aes256', key: mistaken } })).toMatch(
      /^it was encrypted with aes256 and a key made from the PKCS#1 form of the same key, while the \d+ bytes of the environment variable KEY is used here$/,
    );
    expect(await explain(stored, { encryption: { mode: 'aes128', key: mistaken } })).toMatch(
      /^it was encrypted with aes256/,
    );
    // And the other way round.
    const reversed = await encodeAll({ encryption: { mode: 'aes128', key: mistaken } }, [text]);
    expect(await explain(reversed, { encryption: { mode: 'aes128', key } })).toMatch(
      /made from the PKCS#8 form of the same key/,
    );
  });
});

describe('what is no backup', () => {
  const files: readonly (readonly [Buffer, string, string])[] = [
    [Buffer.alloc(0), 'it is empty', 'it is empty'],
    [
      gzipSync(text),
      'it is compressed with gzip, which has to be undone first',
      'it is compressed with gzip, which has to be undone first',
    ],
    [
      Buffer.from('{"a": 1}\n'.repeat(100)),
      'it is neither compressed nor a backup',
      'it is neither encrypted nor a backup, but some other text',
    ],
    [
      Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(1000)]),
      'it is neither compressed nor a backup',
      'it cannot be decrypted with',
    ],
    [randomBytes(4096), 'it looks encrypted', 'it cannot be decrypted with'],
    [randomBytes(100), 'it looks encrypted', 'it cannot be decrypted with'],
  ];
  it.each(files.map((file, i) => [i, ...file] as const))('is recognized: %i', (_i, bytes, compressed, encrypted) => {
    expect(explainHead(bytes, { compression: { codec: 'zstd' } })?.reason).toBe(compressed);
    expect(explainHead(bytes, { encryption: { mode: 'aes128', key } })?.reason).toContain(encrypted);
  });
});
