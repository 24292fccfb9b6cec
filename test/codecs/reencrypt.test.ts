import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createCipherAt, decryptVector, encryptVector, type Encryption } from '../../src/codecs/aes-ctr.js';
import { readKeyFile } from '../../src/codecs/key.js';
import { reencrypt } from '../../src/codecs/reencrypt.js';
import type { ByteSource } from '../../src/core/byte-stream.js';

const KEY = join(fileURLToPath(new URL('../fixtures/backups/', import.meta.url)), 'key.pem');
const encryption: Encryption = { mode: 'aes256', key: readKeyFile(KEY) };
const text = randomBytes(1000);
const vector = randomBytes(16);
const stored = Buffer.concat([encryptVector(encryption, vector), createCipherAt(encryption, vector).update(text)]);

function createSource(bytes: Buffer, chunkBytes: number): ByteSource {
  let at = 0;
  return {
    name: 'a.asb',
    read: () => {
      const chunk = bytes.subarray(at, (at += chunkBytes));
      return Promise.resolve(chunk.length === 0 ? undefined : chunk);
    },
    close: () => Promise.resolve(),
  };
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('reencrypt', () => {
  for (const chunkBytes of [1, 7, 16, 17, 5000]) {
    it(`gives the same text with another vector, whatever the source's chunks: ${chunkBytes} bytes`, async () => {
      const renewed = await collect(reencrypt(createSource(stored, chunkBytes), 600, encryption));
      expect(renewed.length).toBe(600);
      const other = decryptVector(encryption, renewed);
      expect(other.equals(vector)).toBe(false);
      const plain = createCipherAt(encryption, other).update(renewed.subarray(16));
      expect(plain.equals(text.subarray(0, 584))).toBe(true);
    });
  }

  it('reports a file that is shorter than the part to keep', async () => {
    await expect(collect(reencrypt(createSource(stored, 100), stored.length + 1, encryption))).rejects.toMatchObject({
      code: 'AES_TRUNCATED',
    });
  });
});
