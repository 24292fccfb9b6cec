/**
 * How the files of a copy are stored, where that is not as those of the backup are: compressed or encrypted in another
 * way. The text of each file stays the same, byte for byte.
 */
import { createHash, type Hash } from 'node:crypto';
import { Codecs, type CodecConfig, type Compression } from '../../codecs/codecs.js';
import type { Encryption } from '../../codecs/aes-ctr.js';
import { fingerprint, type EncryptionKey } from '../../codecs/key.js';
import type { ByteSink, ByteSource } from '../../core/byte-stream.js';
import { CountingSink } from '../../storage/decorators/meter.js';
import type { BackupState, Identity, StateFileEntry } from '../backup/checkpoint/state-file.js';
import { BlockHasher } from './block-hasher.js';
import { CatalogError } from './errors.js';
import type { NamespacePart } from './find-backups.js';
import { BlockChecker, findCodecs } from './verify-backup.js';

/** What is to be changed; `none`: not compressed, or not encrypted. Absent = as the backup is. */
export interface Recoding {
  compression?: Compression | 'none' | undefined;
  encryption?: Encryption | 'none' | undefined;
}

export class FileRecoder {
  private constructor(
    private readonly from: Codecs,
    private readonly to: Codecs,
    private readonly target: CodecConfig,
  ) {}

  /** `key`: of the backup. Throws CatalogError CATALOG_KEY, CodecError. */
  static async open(
    part: NamespacePart,
    state: BackupState,
    { compression, encryption }: Recoding,
    key: EncryptionKey | undefined,
  ): Promise<FileRecoder> {
    const source = findCodecs(part, state, { codecs: {}, key });
    if (source === undefined) {
      const mode = String(state.identity.encrypt);
      throw new CatalogError('CATALOG_KEY', `The backup at ${part.path} is encrypted with ${mode}: its key is missing`);
    }
    const target: CodecConfig = {
      ...pick('compression', compression ?? source.compression),
      ...pick('encryption', encryption ?? source.encryption),
    };
    return new FileRecoder(await Codecs.open(source), await Codecs.open(target), target);
  }

  /** That the manifest of the copy is authenticated with. */
  get key(): EncryptionKey | undefined {
    return this.target.encryption?.key;
  }

  /** What a manifest says about how the files are stored. */
  get identity(): Identity {
    const { compression, encryption } = this.target;
    return {
      compress: compression?.codec ?? '',
      encrypt: encryption?.mode ?? '',
      'key fingerprint': encryption === undefined ? '' : fingerprint(encryption.key, encryption.mode),
    };
  }

  /**
   * Writes the file in `source` to `stored` and closes that; the caller closes the source, and aborts what was not
   * closed. Resolves with the entry of the copy, or with the sentences about what is wrong with the source. Throws what
   * decoding throws where the bytes are those that were written.
   */
  async copy(
    source: ByteSource,
    stored: ByteSink,
    file: StateFileEntry,
    signal: AbortSignal,
  ): Promise<{ entry: StateFileEntry } | { problems: string[] }> {
    const checked = new CheckedSource(source, new BlockChecker(file.blocks ?? []));
    const hasher = new BlockHasher();
    const entry: StateFileEntry = { name: file.name, bytes: 0, records: file.records };
    const counted = new CountingSink(
      stored,
      (bytes) => (entry.bytes += bytes),
      (chunk) => hasher.append(chunk),
    );
    const sink = this.to.encode(counted);
    try {
      for await (const chunk of readChunks(this.from.decode(checked), signal)) await sink.write(chunk);
    } catch (error) {
      signal.throwIfAborted();
      // The checksums tell more than the codec: whether, and where, the file is not what was written.
      const problems = await checked.finish(file.bytes, signal);
      if (problems.length > 0) return { problems };
      throw error;
    }
    const problems = await checked.finish(file.bytes, signal);
    if (problems.length > 0) return { problems };
    await sink.close();
    entry.blocks = hasher.drainBlocks();
    return { entry };
  }

  /** Whether two stored files, of the backup and of the copy, have the same text. The caller closes both. */
  async haveSameText(original: ByteSource, copy: ByteSource, signal: AbortSignal): Promise<boolean> {
    const [before, after] = [
      await hashText(this.from.decode(original), signal),
      await hashText(this.to.decode(copy), signal),
    ];
    return before.digest().equals(after.digest());
  }
}

function pick<K extends string, V>(name: K, value: V | 'none' | undefined): Partial<Record<K, V>> {
  return value === undefined || value === 'none' ? {} : ({ [name]: value } as Record<K, V>);
}

async function hashText(source: ByteSource, signal: AbortSignal): Promise<Hash> {
  const hash = createHash('sha256');
  for await (const chunk of readChunks(source, signal)) hash.update(chunk);
  return hash;
}

async function* readChunks(source: ByteSource, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read()) {
    signal.throwIfAborted();
    if (chunk.length > 0) yield chunk;
  }
}

/** Compares what is read of a file with its checksums. */
class CheckedSource implements ByteSource {
  readonly name: string;

  constructor(
    private readonly inner: ByteSource,
    private readonly checker: BlockChecker,
  ) {
    this.name = inner.name;
  }

  async read(): Promise<Buffer | undefined> {
    const chunk = await this.inner.read();
    if (chunk !== undefined) this.checker.append(chunk);
    return chunk;
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** Reads what is left of the file; sentences about all that is wrong with it. */
  async finish(expectedBytes: number, signal: AbortSignal): Promise<string[]> {
    while ((await this.read()) !== undefined) signal.throwIfAborted();
    return this.checker.finish(expectedBytes);
  }
}
