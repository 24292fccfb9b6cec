import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  createCipherAt,
  AesCtrDecoder,
  decryptVector,
  AesCtrEncoder,
  encryptVector,
  type Encryption,
} from '../../src/codecs/aes-ctr.js';
import type { CodecConfig } from '../../src/codecs/codecs.js';
import { deriveAesKey, keyFromEnvironment, type EncryptionMode } from '../../src/codecs/key.js';
import { vectors } from '../support/asb.js';
import { decodeAll, encodeAll, key, MemorySink, MemorySource, MODES, readAll } from '../support/codecs.js';

interface Vector {
  mode: EncryptionMode;
  compression: 'none' | 'zstd';
  digest: string;
  aesKey: string;
  iv: string;
  headerHex: string;
  plaintextHex: string;
  fileHex: string;
  keyBytesHex?: string;
  envValue?: string;
  compressedHex?: string;
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

describe('every vector', () => {
  const all = vectors('encryption.json') as Vector[];
  it.each(all.map((vector, i) => [`${i}: ${vector.mode}, ${vector.compression}, ${vector.iv}`, vector] as const))(
    '%s',
    async (_name, vector) => {
      const encryption: Encryption = {
        mode: vector.mode,
        key: { digest: hex(vector.digest), description: 'a vector', alternateKeys: [] },
      };
      const compressed = vector.compression === 'zstd';
      expect(Buffer.from(deriveAesKey(encryption.key, vector.mode))).toEqual(hex(vector.aesKey));
      if (vector.envValue !== undefined) {
        expect(Buffer.from(keyFromEnvironment(vector.envValue, 'K').digest)).toEqual(hex(vector.digest));
      }

      const file = hex(vector.fileHex);
      const plain = hex(vector.plaintextHex);
      const options: CodecConfig = {
        encryption,
        ...(compressed ? { compression: { codec: 'zstd', level: 0 } } : {}),
      };
      for (const sizes of [[65_536], [1], [15], [16], [17]]) {
        expect(await decodeAll(options, file, sizes)).toEqual(plain);
      }

      expect(encryptVector(encryption, hex(vector.iv))).toEqual(hex(vector.headerHex));
      expect(decryptVector(encryption, file)).toEqual(hex(vector.iv));
      const data = compressed ? hex(vector.compressedHex!) : plain;
      const inner = new MemorySink();
      const sink = new AesCtrEncoder(inner, encryption, { vector: hex(vector.iv), storedBytes: 0 });
      if (data.length > 0) await sink.write(data);
      await sink.close();
      expect(inner.bytes).toEqual(file);
    },
  );
});

describe.each(['aes128', 'aes256'] as const)('%s', (mode) => {
  const encryption: Encryption = { mode, key };
  const bytes = randomBytes(1000);

  it('two files of the same bytes differ from their first byte on', async () => {
    const [one, two] = [await encodeAll({ encryption }, [bytes]), await encodeAll({ encryption }, [bytes])];
    expect(one).toHaveLength(1016);
    expect(one.subarray(0, 16)).not.toEqual(two.subarray(0, 16));
    expect(one.subarray(16)).not.toEqual(two.subarray(16));
  });

  it('chunks cut at any byte give the same file and the same bytes', async () => {
    const vector = Buffer.from('ffffffffffffffffffffffffffffffff', 'hex');
    const whole = Buffer.concat([encryptVector(encryption, vector), createCipherAt(encryption, vector).update(bytes)]);
    for (let cut = 1; cut < bytes.length; cut += 7) {
      const inner = new MemorySink();
      const sink = new AesCtrEncoder(inner, encryption, { vector, storedBytes: 0 });
      await sink.write(bytes.subarray(0, cut));
      await sink.write(bytes.subarray(cut));
      expect(inner.bytes.equals(whole), `cut at ${cut}`).toBe(true);
    }
    for (let cut = 1; cut < whole.length; cut++) {
      const decoded = await decodeAll({ encryption }, whole, [cut, whole.length]);
      expect(decoded.equals(bytes), `cut at ${cut}`).toBe(true);
    }
    expect(await decodeAll({ encryption }, whole, [1])).toEqual(bytes);
  });

  it('a file cut at any byte and continued is the whole file', async () => {
    const whole = await encodeAll({ encryption }, [bytes]);
    for (let offset = 0; offset < 100; offset++) {
      const kept = whole.subarray(0, 16 + offset);
      const inner = new MemorySink();
      const sink = new AesCtrEncoder(inner, encryption, {
        vector: decryptVector(encryption, kept),
        storedBytes: kept.length,
      });
      await sink.write(bytes.subarray(offset));
      await sink.close();
      expect(Buffer.concat([kept, inner.bytes]).equals(whole), `cut at ${offset}`).toBe(true);
    }
  });

  it('the counter wraps at 128 bits, from any offset', () => {
    const vector = Buffer.from('fffffffffffffffffffffffffffffff0', 'hex');
    const zeros = Buffer.alloc(100 * 16);
    const stream = createCipherAt(encryption, vector).update(zeros);
    for (const offset of [0, 1, 15, 16, 17, 239, 240, 241, 256, 1000]) {
      expect(createCipherAt(encryption, vector, offset).update(zeros.subarray(offset))).toEqual(
        stream.subarray(offset),
      );
    }
  });

  it('a file shorter than its header is reported with its length', async () => {
    const whole = await encodeAll({ encryption }, []);
    expect(whole).toHaveLength(16);
    expect(await decodeAll({ encryption }, whole)).toHaveLength(0);
    for (let length = 0; length < 16; length++) {
      const source = new AesCtrDecoder(new MemorySource(whole.subarray(0, length), [5]), encryption);
      await expect(readAll(source)).rejects.toMatchObject({
        code: 'AES_TRUNCATED',
        offset: length,
        message: `memory.asb (byte ${length}): an encrypted file begins with 16 bytes that are needed to decrypt it; this one holds ${length}`,
      });
    }
  });

  it('sync makes the header durable, also without data', async () => {
    const inner = new MemorySink();
    const sink = new AesCtrEncoder(inner, encryption);
    expect(await sink.sync()).toBe(16);
    await sink.write(bytes);
    expect(await sink.sync()).toBe(1016);
    await sink.abort();
    expect(inner.state).toBe('abandoned');
  });
});

it.each(Object.entries(MODES))('%s: what is written comes back', async (_name, options) => {
  const chunks = [randomBytes(1), randomBytes(100_000), Buffer.alloc(300_000, 'text '), randomBytes(17)];
  const stored = await encodeAll(options, chunks);
  expect((await decodeAll(options, stored)).equals(Buffer.concat(chunks))).toBe(true);
  expect((await decodeAll(options, stored, [1, 2, 3, 1000])).equals(Buffer.concat(chunks))).toBe(true);
});
