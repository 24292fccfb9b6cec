/**
 * What a file looks like that cannot be read as it was said to be stored. There is no mark of compression or encryption
 * in a backup (asb-format.md 5, 6), so the C tools cannot tell a wrong key from a wrong option (asrestore.md 9.5).
 */
import { AES_HEADER_BYTES, createCipherAt, decryptVector, type Encryption } from './aes-ctr.js';
import { mayBeginFrame } from './zstd-decoder.js';

/** How a file is to be read. */
export interface Stored {
  compressed: boolean;
  encryption: Encryption | undefined;
}

/** As many first bytes of a file as are worth having. */
export const HEAD_BYTES = 4096;

type Kind = 'backup' | 'zstd' | 'text' | 'random' | 'empty' | 'unknown';

const FOREIGN: readonly (readonly [hex: string, looks: string])[] = [
  ['1f8b', 'it is compressed with gzip, which has to be undone first'],
  ['425a68', 'it is compressed with bzip2, which has to be undone first'],
  ['fd377a585a00', 'it is compressed with xz, which has to be undone first'],
  ['04224d18', 'it is compressed with lz4, which has to be undone first'],
  ['504b0304', 'it is a ZIP archive'],
];

/**
 * Compares the first bytes of a file, as they are stored, with what they were said to be. Gives half a sentence that
 * says what to do, or undefined if the head is right and the fault must lie further on.
 */
export function explainHead(head: Buffer, { compressed, encryption }: Stored): string | undefined {
  const wanted: Kind = compressed ? 'zstd' : 'backup';
  const kind = detectContent(head);
  if (encryption === undefined) return kind === wanted ? undefined : explainClear(head, kind, compressed);

  if (head.length >= AES_HEADER_BYTES) {
    const inner = detectContent(decryptHead(head, encryption));
    if (inner === wanted) return undefined;
    if (inner === 'zstd') return 'the key is right, and the data are compressed as well: give --compress zstd too';
    if (inner === 'backup') return 'the key is right, but the data are not compressed: leave out --compress';
  }
  if (kind === 'empty') return 'it is empty';
  if (kind === 'backup')
    return `it is not encrypted${compressed ? ' and not compressed' : ''}: leave out --encrypt${compressed ? ' and --compress' : ''}`;
  if (kind === 'zstd')
    return `it is compressed, but not encrypted: leave out --encrypt${compressed ? '' : ' and give --compress zstd'}`;
  const foreign = foreignText(head);
  if (foreign !== undefined) return foreign;
  if (kind === 'text') return 'it is neither encrypted nor a backup, but some other text';
  // Too short to be encrypted in any way: the reader says that better.
  return head.length < AES_HEADER_BYTES ? undefined : explainKey(head, encryption, compressed);
}

function explainClear(head: Buffer, kind: Kind, compressed: boolean): string {
  switch (kind) {
    case 'empty':
      return 'it is empty';
    case 'backup':
      return 'it is not compressed: leave out --compress';
    case 'zstd':
      return 'it is compressed with zstd: give --compress zstd';
    case 'random':
      return `it looks encrypted: give --encrypt and its key${compressed ? ' too' : ''}`;
    default:
      return foreignText(head) ?? (compressed ? 'it is neither compressed with zstd nor a backup' : 'it is no backup');
  }
}

function explainKey(head: Buffer, encryption: Encryption, compressed: boolean): string {
  const { mode, key } = encryption;
  const other = mode === 'aes128' ? 'aes256' : 'aes128';
  const also = (kind: Kind): string => {
    if (kind === 'zstd') return compressed ? '' : ', and give --compress zstd';
    return compressed ? ', and leave out --compress' : '';
  };
  const withOther = tryKey(head, { mode: other, key });
  if (withOther !== undefined) {
    return `it is encrypted with ${other}, not with ${mode}: give --encrypt ${other}${also(withOther)}`;
  }
  for (const { digest, description } of key.alternateKeys) {
    for (const tried of [mode, other] as const) {
      const found = tryKey(head, { mode: tried, key: { ...key, digest } });
      if (found === undefined) continue;
      return `it was encrypted with ${tried} and a key made from ${description}, while ${key.description} is used here${also(found)}`;
    }
  }
  return `it cannot be decrypted with ${key.description}: that is not the key it was encrypted with, or the file is damaged or no backup`;
}

function tryKey(head: Buffer, encryption: Encryption): 'backup' | 'zstd' | undefined {
  const kind = detectContent(decryptHead(head, encryption));
  return kind === 'backup' || kind === 'zstd' ? kind : undefined;
}

function decryptHead(head: Buffer, encryption: Encryption): Buffer {
  const cipher = createCipherAt(encryption, decryptVector(encryption, head));
  return cipher.update(head.subarray(AES_HEADER_BYTES));
}

function detectContent(head: Buffer): Kind {
  if (head.length === 0) return 'empty';
  if (head.toString('latin1', 0, 10) === 'Version 3.') return 'backup';
  if (head.length >= 4 && mayBeginFrame(head.subarray(0, 4))) return 'zstd';
  if (foreignText(head) !== undefined) return 'unknown';
  const plain = head.filter((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d));
  if (plain.filter((byte) => byte < 0x7f).length >= head.length * 0.95) return 'text';
  return looksRandom(head) ? 'random' : 'unknown';
}

/** Encrypted bytes are all equally likely, so that hardly any occurs much more often than the others. */
function looksRandom(head: Buffer): boolean {
  const counts = new Uint32Array(256);
  for (const byte of head) counts[byte]!++;
  let collisions = 0;
  for (const count of counts) collisions += count * (count - 1);
  const pairs = head.length * (head.length - 1);
  // The share of equal pairs is 1/256 for random bytes; a few chance meetings are allowed for in short heads.
  return collisions <= (pairs / 256) * 1.5 + 16;
}

function foreignText(head: Buffer): string | undefined {
  const hex = head.toString('hex', 0, 8);
  return FOREIGN.find(([magic]) => hex.startsWith(magic))?.[1];
}
