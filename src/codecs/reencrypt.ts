/** Encrypts the beginning of an encrypted file anew, so that bytes that follow it use no counter a second time. */
import { randomBytes } from 'node:crypto';
import type { ByteSource } from '../core/byte-stream.js';
import { AES_HEADER_BYTES, createCipherAt, decryptVector, encryptVector, type Encryption } from './aes-ctr.js';
import { StreamError } from './errors.js';

/**
 * The first `bytes` bytes of `source` with another random initial vector: as many bytes, and the same text. Throws
 * StreamError if the source is shorter. The caller closes the source.
 */
export async function* reencrypt(source: ByteSource, bytes: number, encryption: Encryption): AsyncGenerator<Buffer> {
  let header = Buffer.alloc(0);
  let decipher: ReturnType<typeof createCipherAt> | undefined;
  let cipher: ReturnType<typeof createCipherAt> | undefined;
  let left = bytes;
  while (left > 0) {
    const chunk = await source.read();
    if (chunk === undefined) throw new StreamError('AES_TRUNCATED', source.name, bytes - left, 'the file is too short');
    let data = chunk.subarray(0, left);
    left -= data.length;
    if (decipher === undefined || cipher === undefined) {
      const missing = AES_HEADER_BYTES - header.length;
      header = Buffer.concat([header, data.subarray(0, missing)]);
      data = data.subarray(missing);
      if (header.length < AES_HEADER_BYTES) continue;
      const vector = randomBytes(AES_HEADER_BYTES);
      decipher = createCipherAt(encryption, decryptVector(encryption, header));
      cipher = createCipherAt(encryption, vector);
      yield encryptVector(encryption, vector);
    }
    if (data.length > 0) yield cipher.update(decipher.update(data));
  }
}
