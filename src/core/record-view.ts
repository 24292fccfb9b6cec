/**
 * A record as the scan's answer holds it and the encoder takes it. Particle bytes are those of the wire (wire.md 1.5),
 * but the value of GEOJSON is the bare JSON text (asb-format.md 2.1).
 */

/** Integers per bin in a bin table. */
export const BIN_STRIDE = 5;

/**
 * A record as offsets into `buf`: nothing in it is a JavaScript value, and one object serves for every record of a
 * stream. Bin i occupies `bins[i * BIN_STRIDE …]`: particle type, name start, name end, value start, value end.
 */
export interface RecordView {
  /** Its memory has COPY_SLACK_BYTES behind the last range (byte-copy.ts). */
  buf: Buffer;
  /** Equal offsets = the record has no set. */
  setStart: number;
  setEnd: number;
  digestStart: number;
  /** Particle type of the stored user key, 0 = the server stored none. */
  keyType: number;
  keyStart: number;
  keyEnd: number;
  /** 0–65535. */
  generation: number;
  /** Seconds since 2010-01-01T00:00:00Z, 0 = never expires. */
  voidTime: number;
  binCount: number;
  bins: Int32Array;
}
