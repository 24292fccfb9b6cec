/**
 * What a file looks like that cannot be read as it was said to be stored. There is no mark of compression or encryption
 * in a backup (asb-format.md 5, 6), so the C tools cannot tell a wrong key from a wrong option (asrestore.md 9.5).
 */
import { AES_HEADER_BYTES, createCipherAt, decryptVector, type Encryption } from './aes-ctr.js';
import { findFileMagic } from '../core/file-magic.js';
import type { HintId } from '../core/hint.js';
import { findCompressionByMagic } from './registry.js';

/** How a file is to be read. */
export interface ExpectedStorage {
  /** Absent = as text. */
  compression?: { codec: string } | undefined;
  encryption?: Encryption | undefined;
}

/** Why a file cannot be read as expected. */
export interface HeadProblem {
  /** A main clause whose subject is the file: `it is not compressed`. */
  reason: string;
  hint?: HintId;
}

/** As many first bytes of a file as are worth having. */
export const HEAD_BYTES = 4096;

type Content = { kind: 'compressed'; codec: string } | { kind: 'backup' | 'text' | 'random' | 'empty' | 'unknown' };

/**
 * Compares the first bytes of a file, as they are stored, with what was expected. Returns undefined if the head is
 * right and the fault must lie further on.
 */
export function explainHead(head: Buffer, expected: ExpectedStorage): HeadProblem | undefined {
  const { encryption } = expected;
  const content = detectContent(head);
  if (encryption === undefined) return isExpected(content, expected) ? undefined : explainClear(head, content);

  if (head.length >= AES_HEADER_BYTES) {
    const decrypted = detectContent(decryptHead(head, encryption));
    if (isExpected(decrypted, expected)) return undefined;
    if (decrypted.kind === 'compressed') {
      return mismatch(`the key is right, but the data are compressed with ${decrypted.codec} as well`);
    }
    if (decrypted.kind === 'backup') return mismatch('the key is right, but the data are not compressed');
  }
  if (content.kind === 'empty') return { reason: 'it is empty' };
  if (content.kind === 'backup') {
    return mismatch(`it is not encrypted${expected.compression === undefined ? '' : ' and not compressed'}`);
  }
  if (content.kind === 'compressed') return mismatch(`it is compressed with ${content.codec}, but not encrypted`);
  const foreign = findFileMagic(head);
  if (foreign !== undefined) return { reason: foreign.description };
  if (content.kind === 'text') return { reason: 'it is neither encrypted nor a backup, but some other text' };
  // Too short to be encrypted in any way: the reader explains that better.
  return head.length < AES_HEADER_BYTES ? undefined : explainKey(head, encryption, expected);
}

function mismatch(reason: string): HeadProblem {
  return { reason, hint: 'check-codecs' };
}

function isExpected(content: Content, { compression }: ExpectedStorage): boolean {
  return compression === undefined
    ? content.kind === 'backup'
    : content.kind === 'compressed' && content.codec === compression.codec;
}

function explainClear(head: Buffer, content: Content): HeadProblem {
  switch (content.kind) {
    case 'empty':
      return { reason: 'it is empty' };
    case 'backup':
      return mismatch('it is not compressed');
    case 'compressed':
      return mismatch(`it is compressed with ${content.codec}`);
    case 'random':
      return mismatch('it looks encrypted');
    default:
      return { reason: findFileMagic(head)?.description ?? 'it is neither compressed nor a backup' };
  }
}

function explainKey(head: Buffer, encryption: Encryption, expected: ExpectedStorage): HeadProblem {
  const { mode, key } = encryption;
  const other = mode === 'aes128' ? 'aes256' : 'aes128';
  const also = (content: Content): string => {
    if (isExpected(content, expected)) return '';
    return content.kind === 'compressed' ? `, and compressed with ${content.codec}` : ', and not compressed';
  };
  const withOther = tryKey(head, { mode: other, key });
  if (withOther !== undefined) {
    return mismatch(`it is encrypted with ${other}, not with ${mode}${also(withOther)}`);
  }
  for (const { digest, description } of key.alternateKeys) {
    for (const tried of [mode, other] as const) {
      const found = tryKey(head, { mode: tried, key: { ...key, digest } });
      if (found === undefined) continue;
      return mismatch(
        `it was encrypted with ${tried} and a key made from ${description}, while ${key.description} is used here` +
          also(found),
      );
    }
  }
  return {
    reason:
      `it cannot be decrypted with ${key.description}: that is not the key it was encrypted with, ` +
      'or the file is damaged or no backup',
  };
}

function tryKey(head: Buffer, encryption: Encryption): Content | undefined {
  const content = detectContent(decryptHead(head, encryption));
  return content.kind === 'backup' || content.kind === 'compressed' ? content : undefined;
}

function decryptHead(head: Buffer, encryption: Encryption): Buffer {
  const cipher = createCipherAt(encryption, decryptVector(encryption, head));
  return cipher.update(head.subarray(AES_HEADER_BYTES));
}

function detectContent(head: Buffer): Content {
  if (head.length === 0) return { kind: 'empty' };
  if (head.toString('latin1', 0, 10) === 'Version 3.') return { kind: 'backup' };
  const codec = findCompressionByMagic(head);
  if (codec !== undefined) return { kind: 'compressed', codec: codec.id };
  if (findFileMagic(head) !== undefined) return { kind: 'unknown' };
  const plain = head.filter((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d));
  if (plain.filter((byte) => byte < 0x7f).length >= head.length * 0.95) return { kind: 'text' };
  return { kind: looksRandom(head) ? 'random' : 'unknown' };
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
