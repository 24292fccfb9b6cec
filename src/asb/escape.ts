/**
 * Escaping of name-like fields (asb-format.md 1.6): SP, LF and backslash are preceded by a backslash, nothing else is.
 * Bytes only: no character set is implied.
 *
 * HOT: `writeEscaped` runs for every bin name. A table look-up per byte beats three comparisons.
 */
import { EncodeError } from './errors.js';
import { BACKSLASH, LF, SPACE } from './format.js';

/** 1 for the bytes that a writer escapes; NUL, which no reader accepts in a name, is 2. */
export const MUST_ESCAPE = new Uint8Array(256);
MUST_ESCAPE[SPACE] = 1;
MUST_ESCAPE[LF] = 1;
MUST_ESCAPE[BACKSLASH] = 1;
MUST_ESCAPE[0] = 2;

/** Writes `src[start, end)` escaped into `out` at `at`, which needs room for twice the bytes. Returns the end. */
export function writeEscaped(src: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  for (let i = start; i < end; i++) {
    const byte = src[i]!;
    if (MUST_ESCAPE[byte] !== 0) {
      if (byte === 0) throw nulError(src, start, end);
      out[at++] = BACKSLASH;
    }
    out[at++] = byte;
  }
  return at;
}

/** A name with a NUL, which ends a file for every reader. */
export function nulError(src: Uint8Array, start: number, end: number): EncodeError {
  const name = Buffer.from(src.subarray(start, end)).toString('utf8');
  return new EncodeError(
    `The name ${JSON.stringify(name)} holds a NUL byte, which a backup file cannot hold in a name`,
  );
}

/** The escaped form of a name, in UTF-8. Throws EncodeError for a name with a NUL. */
export function escapeToken(name: string): Buffer {
  const raw = Buffer.from(name, 'utf8');
  const out = Buffer.allocUnsafe(raw.length * 2);
  return out.subarray(0, writeEscaped(raw, 0, raw.length, out, 0));
}
