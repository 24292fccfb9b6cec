/** AES in counter mode over a whole file (asb-format.md 6.2): 16 bytes that hold the initial vector, then the data. */
import { createCipheriv, createDecipheriv, randomBytes, type Cipher } from 'node:crypto';
import type { ByteSink, ByteSource } from '../core/byte-stream.js';
import type { WriterStart } from './codec.js';
import { deriveAesKey, type EncryptionKey, type EncryptionMode, keyBits } from './key.js';
import { StreamError } from './errors.js';

const BLOCK_BYTES = 16;
/** What stands in front of the data. */
export const AES_HEADER_BYTES = BLOCK_BYTES;
const COUNTER_BITS = 128n;

export interface Encryption {
  mode: EncryptionMode;
  key: EncryptionKey;
}

/** The first 16 bytes of a file: its initial vector, encrypted as a block of its own. */
export function encryptVector({ mode, key }: Encryption, vector: Uint8Array): Buffer {
  const cipher = createCipheriv(`aes-${keyBits(mode)}-ecb`, deriveAesKey(key, mode), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(vector), cipher.final()]);
}

/** The other way round. */
export function decryptVector({ mode, key }: Encryption, header: Uint8Array): Buffer {
  const decipher = createDecipheriv(`aes-${keyBits(mode)}-ecb`, deriveAesKey(key, mode), null).setAutoPadding(false);
  return Buffer.concat([decipher.update(header.subarray(0, AES_HEADER_BYTES)), decipher.final()]);
}

/** The key stream for the data from byte `offset` on, to encrypt or to decrypt: both are the same in this mode. */
export function createCipherAt({ mode, key }: Encryption, vector: Uint8Array, offset = 0): Cipher {
  // The first block of data is encrypted with the vector plus one. All 128 bits count, and wrap.
  const counter = BigInt(`0x${Buffer.from(vector).toString('hex')}`) + 1n + BigInt(Math.floor(offset / BLOCK_BYTES));
  const block = BigInt.asUintN(Number(COUNTER_BITS), counter)
    .toString(16)
    .padStart(2 * BLOCK_BYTES, '0');
  const cipher = createCipheriv(`aes-${keyBits(mode)}-ctr`, deriveAesKey(key, mode), Buffer.from(block, 'hex'));
  const used = offset % BLOCK_BYTES;
  if (used > 0) cipher.update(Buffer.alloc(used));
  return cipher;
}

export class AesCtrEncoder implements ByteSink {
  readonly name: string;
  private readonly cipher: Cipher;
  private header: Buffer | undefined;

  constructor(
    private readonly inner: ByteSink,
    encryption: Encryption,
    start?: WriterStart,
  ) {
    this.name = inner.name;
    const { storedBytes = 0, vector = randomBytes(BLOCK_BYTES) } = start ?? {};
    if (storedBytes > 0 && (start?.vector === undefined || storedBytes < AES_HEADER_BYTES)) {
      throw new Error('An encrypted file that is continued needs its vector and all of its header');
    }
    this.cipher = createCipherAt(encryption, vector, Math.max(0, storedBytes - AES_HEADER_BYTES));
    if (storedBytes === 0) this.header = encryptVector(encryption, vector);
  }

  async write(chunk: Buffer): Promise<void> {
    await this.writeHeader();
    await this.inner.write(this.cipher.update(chunk));
  }

  async sync(): Promise<number> {
    await this.writeHeader();
    return this.inner.sync();
  }

  async close(): Promise<void> {
    await this.writeHeader();
    await this.inner.close();
  }

  abort(): Promise<void> {
    return this.inner.abort();
  }

  private async writeHeader(): Promise<void> {
    const { header } = this;
    this.header = undefined;
    if (header !== undefined) await this.inner.write(header);
  }
}

export class AesCtrDecoder implements ByteSource {
  readonly name: string;
  private header = Buffer.alloc(0);
  private cipher: Cipher | undefined;

  constructor(
    private readonly inner: ByteSource,
    private readonly encryption: Encryption,
  ) {
    this.name = inner.name;
  }

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = await this.inner.read();
      if (chunk === undefined) {
        if (this.cipher === undefined) throw this.truncatedError();
        return undefined;
      }
      if (this.cipher !== undefined) return this.cipher.update(chunk);
      const data = this.decodeHeader(chunk);
      if (data.length > 0) return data;
    }
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** Returns the data that follow the header, decrypted. */
  private decodeHeader(chunk: Buffer): Buffer {
    const missing = AES_HEADER_BYTES - this.header.length;
    this.header = Buffer.concat([this.header, chunk.subarray(0, missing)]);
    if (this.header.length < AES_HEADER_BYTES) return Buffer.alloc(0);
    this.cipher = createCipherAt(this.encryption, decryptVector(this.encryption, this.header));
    return this.cipher.update(chunk.subarray(missing));
  }

  private truncatedError(): StreamError {
    const { length } = this.header;
    const text = `an encrypted file begins with ${AES_HEADER_BYTES} bytes that are needed to decrypt it; this one holds ${length}`;
    return new StreamError('AES_TRUNCATED', this.name, length, text);
  }
}
