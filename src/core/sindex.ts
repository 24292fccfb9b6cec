/** Secondary indexes and UDF modules: what the server lists and a backup file holds besides records. */

/** A secondary index, as a `* i` line holds it (asb-format.md 1.3). */
export interface Sindex {
  namespace: string;
  /** '' = no set. */
  set: string;
  name: string;
  /** Whole bin, list elements, map keys, map values; S = all records of the set, without a bin. */
  indexType: 'N' | 'L' | 'K' | 'V' | 'S';
  bin: string;
  /** Numeric, string, geo2dsphere, blob; E = none, of a set index. */
  dataType: 'N' | 'S' | 'G' | 'B' | 'E';
  /** Base64 of the msgpack CDT context, '' = none. */
  context: string;
  /** Base64 of the msgpack expression that is indexed in place of a bin (servers from 8.1), '' = none. */
  expression: string;
}

/** A UDF module as a `* u` entry holds it. Only Lua exists. */
export interface Udf {
  name: string;
  content: Buffer;
}

/** What a backup file holds besides records. */
export type MetadataEntry = { kind: 'sindex'; sindex: Sindex } | { kind: 'udf'; name: string; content: Uint8Array };
