/**
 * A record as the decoder gives it: one object for all records of a file, valid until the next call of `next()` or
 * `write()`. Values are wire particle bytes, GEOJSON bare JSON, as in `RecordView` (model.ts).
 */
import { allocWithSlack } from './byte-copy.js';
import { DIGEST_BYTES } from './partition.js';

/** Integers per bin in `DecodedRecord.bins`: those of `RecordView`, then the sources. */
export const DECODED_BIN_STRIDE = 6;
/** Bits of a bin's sixth integer: which of its two ranges is in `arena`; the others are in `input`. */
export const NAME_IN_ARENA = 1;
export const VALUE_IN_ARENA = 2;

const INITIAL_BINS = 64;
const NOTHING = Buffer.alloc(0);

export class DecodedRecord {
  /** The text being decoded, where raw values and plain names lie as they are. */
  input: Buffer = NOTHING;
  /** What had to be decoded: base64, numbers (8 bytes each), unescaped names. */
  arena: Buffer = NOTHING;

  /** The same string object for as long as the namespace stays the same. Bytes that are not UTF-8 show as U+FFFD. */
  namespace = '';
  /** The namespace's bytes, unescaped. */
  namespaceBytes: Buffer = NOTHING;
  /** Unescaped. Equal offsets = the record has no set, or an empty one. */
  setBuf: Buffer = NOTHING;
  setStart = 0;
  setEnd = 0;
  readonly digest: Buffer = allocWithSlack(DIGEST_BYTES);
  /** Particle type of the user key: INTEGER, FLOAT, STRING or BLOB; 0 = none in the file. */
  keyType = 0;
  keyBuf: Buffer = NOTHING;
  keyStart = 0;
  keyEnd = 0;
  generation = 0;
  /** Seconds since 2010-01-01T00:00:00Z, 0 = never expires. */
  voidTime = 0;

  /** Bins in `bins`. */
  binCount = 0;
  /** Bins that the file has of this record: more than `binCount` if bins were left out or a name came twice. */
  binsInFile = 0;
  /**
   * Bin i is at `i * DECODED_BIN_STRIDE`: particle type (NULL for an `N` bin), name start, name end, value start, value
   * end, NAME_IN_ARENA | VALUE_IN_ARENA. The array is replaced when it has to grow.
   */
  bins: Int32Array = new Int32Array(INITIAL_BINS * DECODED_BIN_STRIDE);
}
