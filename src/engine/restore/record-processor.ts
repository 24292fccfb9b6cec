/**
 * Decides what happens to a record before it is written: expired, skipped, or written with its TTL and policy
 * (asrestore.md 5.2–5.4). HOT PATH: once per record, allocates nothing.
 */
import { Info2, Info3, Ttl } from '../../aerospike/protocol/constants.js';
import type { WritePolicy } from '../../aerospike/protocol/write-frame.js';
import type { ScanCounts } from '../../asb/record-scanner.js';
import { DECODED_BIN_STRIDE, type DecodedRecord } from '../../core/decoded-record.js';
import { Particle } from '../../core/particle.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import type { WorkerCounts } from './counters.js';

/** The server refuses a longer TTL with code 4 (wire.md 7). */
const MAX_TTL_S = 315_360_000;

export interface RecordRules {
  /** Empty = all. */
  sets: readonly string[];
  /** Absent = none. */
  excludedSets?: readonly string[];
  extraTtlS: number;
  unique: boolean;
  replace: boolean;
  noGeneration: boolean;
}

export class RecordProcessor {
  /** How the last accepted record is to be written. */
  policy: WritePolicy;
  generation = 0;
  ttlS: number = Ttl.NEVER;
  /** A set really called `null` was met, so that an index on `null` may mean it (metadata.ts). */
  nullSetSeen = false;
  /** Records whose TTL had to be cut to the server's maximum. */
  ttlsCut = 0;
  /** Accepted records of generation 0 whose generation counts. */
  generationZero = 0;

  /** Seconds since 2010-01-01T00:00:00Z. */
  nowS = 0;
  readonly sets: readonly Buffer[];
  private readonly excludedSets: readonly Buffer[];
  readonly defaultPolicy: WritePolicy;
  /** For records of generation 0. */
  readonly firstWritePolicy: WritePolicy;
  readonly sendGeneration: boolean;
  readonly extraTtlS: number;

  constructor(
    rules: RecordRules,
    private readonly counts: WorkerCounts,
  ) {
    this.sets = rules.sets.map((set) => Buffer.from(set));
    this.excludedSets = (rules.excludedSets ?? []).map((set) => Buffer.from(set));
    this.extraTtlS = rules.extraTtlS;
    this.sendGeneration = !rules.noGeneration;
    this.policy = this.defaultPolicy = createPolicy(rules, Info2.GENERATION_GT);
    // The server takes a missing record as generation 0, and "greater than" fails on it for a 0 of the file: such
    // records would never come back. "Equal to 0" means the same, written if absent, and works (wire.md 8.3).
    this.firstWritePolicy = createPolicy(rules, Info2.GENERATION);
    this.readClock();
  }

  /** To be called whenever time may have passed. */
  readClock(): void {
    this.nowS = Math.floor(Date.now() / 1000) - VOID_TIME_EPOCH_S;
  }

  /** Keeps what indexes need to know of a record that is not restored. */
  inspectSkipped(record: DecodedRecord): void {
    if (record.setEnd - record.setStart === 4 && isNull(record.setBuf, record.setStart)) this.nullSetSeen = true;
  }

  /** Counts what a scanner with the same rules has accepted or not. */
  countScanned({ records, expired, skipped, ttlsCut, generationZero, nullSets }: ScanCounts): void {
    this.counts.records += records;
    this.counts.expired += expired;
    this.counts.skipped += skipped;
    this.ttlsCut += ttlsCut;
    this.generationZero += generationZero;
    if (nullSets > 0) this.nullSetSeen = true;
  }

  /**
   * Counts a record. True = it is to be written with `policy`, `generation` and `ttlS`; otherwise it ends in the
   * counter
   * `expired` or `skipped`.
   */
  accept(record: DecodedRecord): boolean {
    const { counts } = this;
    this.inspectSkipped(record);
    let ttlS: number = Ttl.NEVER;
    if (record.voidTime !== 0) {
      ttlS = record.voidTime + this.extraTtlS - this.nowS;
      if (ttlS <= 0) {
        counts.expired++;
        return false;
      }
      if (ttlS > MAX_TTL_S) {
        ttlS = MAX_TTL_S;
        this.ttlsCut++;
      }
    }
    if (record.binCount === 0 || (record.bins[0] === Particle.NULL && !hasValue(record)) || !this.isWantedSet(record)) {
      counts.skipped++;
      return false;
    }
    const { generation } = record;
    if (generation === 0 && this.sendGeneration) {
      this.policy = this.firstWritePolicy;
      this.generationZero++;
    } else {
      this.policy = this.defaultPolicy;
    }
    this.generation = this.sendGeneration ? generation : 0;
    this.ttlS = ttlS;
    return true;
  }

  /** Whether the record is of a set that is to be restored. */
  isWantedSet(record: DecodedRecord): boolean {
    const { sets, excludedSets } = this;
    if (sets.length > 0 && !isOfSet(record, sets)) return false;
    return excludedSets.length === 0 || !isOfSet(record, excludedSets);
  }
}

function isOfSet({ setBuf, setStart, setEnd }: DecodedRecord, sets: readonly Buffer[]): boolean {
  for (const set of sets) {
    if (set.length === setEnd - setStart && setBuf.compare(set, 0, set.length, setStart, setEnd) === 0) return true;
  }
  return false;
}

/** Table of asrestore.md 5.4. */
function createPolicy({ unique, replace, noGeneration }: RecordRules, generationBit: number): WritePolicy {
  return {
    info2: Info2.WRITE | (unique ? Info2.CREATE_ONLY : 0) | (noGeneration ? 0 : generationBit),
    info3: replace && !unique ? Info3.CREATE_OR_REPLACE : 0,
    // A bin without a value deletes that bin of an existing record, and there is nothing to delete in these cases.
    dropNulls: unique || replace,
  };
}

function hasValue({ bins, binCount }: DecodedRecord): boolean {
  for (let i = 0; i < binCount; i++) if (bins[i * DECODED_BIN_STRIDE] !== Particle.NULL) return true;
  return false;
}

function isNull(buf: Buffer, at: number): boolean {
  return buf[at] === 0x6e && buf[at + 1] === 0x75 && buf[at + 2] === 0x6c && buf[at + 3] === 0x6c;
}
