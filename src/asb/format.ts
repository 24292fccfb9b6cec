/**
 * The bytes, letters and limits of the backup format that the encoder and the decoder share (asb-format.md 1, 2.1,
 * 8.2).
 */
import { Particle } from '../core/particle.js';

export const LF = 0x0a;
export const SPACE = 0x20;
export const BANG = 0x21;
export const HASH = 0x23;
export const STAR = 0x2a;
export const PLUS = 0x2b;
export const MINUS = 0x2d;
export const POINT = 0x2e;
export const DIGIT_0 = 0x30;
export const DIGIT_9 = 0x39;
export const EQUALS = 0x3d;
export const BACKSLASH = 0x5c;

/** Base64 characters of a digest: 20 bytes, padding included. */
export const DIGEST_CHARS = 28;
/** Bytes of the version line, its LF included. */
export const VERSION_LINE_BYTES = 12;

/** Limits of names, in bytes after unescaping (asb-format.md 8.2). */
export const MAX_NAMESPACE_BYTES = 31;
export const MAX_SET_BYTES = 63;
export const MAX_BIN_NAME_BYTES = 15;
/** No server accepts longer ones. */
export const MAX_INDEX_NAME_BYTES = 255;
export const MAX_MODULE_NAME_BYTES = 255;
/** The server refuses larger modules. */
export const MAX_UDF_BYTES = 1 << 20;
/** Indexes and modules of one file: far more than a server can hold, and few enough to be kept in memory. */
export const MAX_METADATA_ENTRIES = 10_000;
export const MAX_METADATA_BYTES = 256 << 20;
/** A whole meta line, `#` and LF included. */
export const MAX_META_LINE_BYTES = 1001;
/** The text of a number. The longest that a known writer emits has about 345 characters (a Go float key). */
export const MAX_NUMBER_CHARS = 999;
/** A CDT context or an expression. No writer has a limit; the server's own are far below this one. */
export const MAX_CONTEXT_BYTES = 65_536;

/**
 * Control characters and the semicolon: in a command to the server, which is text, a line feed ends the command and a
 * semicolon a parameter, so that a name with one of them would be another command.
 */
// eslint-disable-next-line no-control-regex
export const UNSAFE_IN_COMMANDS = /[\x00-\x1f\x7f;]/;

/** Base64 of the standard alphabet with padding, or nothing. */
export function isBase64Text(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

export const MAX_GENERATION = 0xffff;
export const MAX_VOID_TIME = 0xffff_ffff;
export const MAX_BINS = 0xffff;
/** No value is longer, before or after base64 (asb-format.md 8.2). */
export const MAX_VALUE_BYTES = 0xffff_ffff;

/** How the value of a bin line is written. The numbers index nothing; 0 must mean "no such letter". */
export const ValueKind = { NONE: 0, NULL: 1, BOOL: 2, INTEGER: 3, FLOAT: 4, RAW: 5, BASE64: 6, BLOB: 7 } as const;
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind];

/** Letter, particle type, way of writing (asb-format.md 2.1). `X` is read only: a string in base64. */
const BIN_LETTERS: readonly (readonly [letter: string, particle: number, kind: ValueKind])[] = [
  ['N', Particle.NULL, ValueKind.NULL],
  ['Z', Particle.BOOL, ValueKind.BOOL],
  ['I', Particle.INTEGER, ValueKind.INTEGER],
  ['D', Particle.FLOAT, ValueKind.FLOAT],
  ['S', Particle.STRING, ValueKind.RAW],
  ['G', Particle.GEOJSON, ValueKind.RAW],
  ['B', Particle.BLOB, ValueKind.BLOB],
  ['J', Particle.JAVA, ValueKind.BLOB],
  ['C', Particle.CSHARP, ValueKind.BLOB],
  ['P', Particle.PYTHON, ValueKind.BLOB],
  ['R', Particle.RUBY, ValueKind.BLOB],
  ['H', Particle.PHP, ValueKind.BLOB],
  ['E', Particle.ERLANG, ValueKind.BLOB],
  ['Y', Particle.HLL, ValueKind.BLOB],
  ['M', Particle.MAP, ValueKind.BLOB],
  ['L', Particle.LIST, ValueKind.BLOB],
];
const READ_ONLY_STRING_LETTER = 'X';

/** By particle type: the letter's code (0 = the format has none). */
export const LETTER_OF_PARTICLE = new Uint8Array(256);
/** By particle type: how the value is written. */
export const KIND_OF_PARTICLE = new Uint8Array(256);
/** By letter code: how the value is written (NONE = unknown letter). */
export const KIND_OF_LETTER = new Uint8Array(256);
/** By letter code: the particle type. */
export const PARTICLE_OF_LETTER = new Uint8Array(256);

for (const [letter, particle, kind] of BIN_LETTERS) {
  const code = letter.charCodeAt(0);
  LETTER_OF_PARTICLE[particle] = code;
  KIND_OF_PARTICLE[particle] = kind;
  KIND_OF_LETTER[code] = kind;
  PARTICLE_OF_LETTER[code] = particle;
}
KIND_OF_LETTER[READ_ONLY_STRING_LETTER.charCodeAt(0)] = ValueKind.BASE64;
PARTICLE_OF_LETTER[READ_ONLY_STRING_LETTER.charCodeAt(0)] = Particle.STRING;
