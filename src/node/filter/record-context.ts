/** What filter expressions can see of one record. Spec: wire.md 10.2. */
import { DIGEST_BYTES } from '../../core/partition.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import type { RecordBuilder } from '../data/record-builder.js';
import { OpCursor, type Command } from '../protocol/command.js';
import type { BinValue } from '../data/particle-value.js';
import type { StoredRecord } from '../data/partition.js';
import type { NamespaceStore } from '../data/namespace-store.js';

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

/** One record as expressions see it. */
export interface RecordContext {
  readonly nowMs: number;
  /** Seconds, void-time epoch. */
  readonly nowS: number;
  /** Unix ns. */
  readonly lastUpdateNs: bigint;
  readonly lastUpdateMs: number;
  /** Void-time epoch, 0 = never. */
  readonly voidTime: number;
  readonly setName: Buffer;
  readonly storedBytes: number;
  digest(): Buffer;
  /** Type byte and key, empty if none is stored. */
  key(): Buffer;
  bin(name: string): BinValue | undefined;
}

const EMPTY = Buffer.alloc(0);
const cursor = new OpCursor();

/** `builder` replaces the record's bins; `cmd` stands in for a record that doesn't exist yet. */
export function createRecordContext(
  store: NamespaceStore,
  record: StoredRecord | undefined,
  time: { nowMs: number; nowS: number },
  builder?: RecordBuilder,
  cmd?: Command,
): RecordContext {
  const lastUpdateMs = record === undefined ? time.nowMs : record.lastUpdateMs;
  return {
    nowMs: time.nowMs,
    nowS: time.nowS,
    lastUpdateMs,
    get lastUpdateNs() {
      return BigInt(lastUpdateMs) * NS_PER_MS;
    },
    voidTime: record === undefined ? 0 : record.voidTime,
    setName: record?.set?.bytes ?? EMPTY,
    storedBytes: record?.storedBytes ?? 0,
    digest() {
      if (record !== undefined) {
        const at = record.offset + store.digestAt;
        return record.slab.subarray(at, at + DIGEST_BYTES);
      }
      return cmd === undefined ? EMPTY : cmd.digestBuf.subarray(cmd.digestStart, cmd.digestStart + DIGEST_BYTES);
    },
    key: () => (record === undefined ? EMPTY : record.slab.subarray(store.keyStart(record), store.keyEnd(record))),
    bin(name) {
      if (builder !== undefined) return builder.get(name);
      if (record === undefined) return undefined;
      cursor.reset(record.slab, record.offset + record.opsStart, record.nOps);
      while (cursor.next()) if (cursor.readName() === name) return { type: cursor.type, value: cursor.readValue() };
      return undefined;
    },
  };
}

/** 68: Unix ns of a void-time, −1 = never. */
export function voidTimeNs(voidTime: number): bigint {
  return voidTime === 0 ? -1n : BigInt(voidTime + VOID_TIME_EPOCH_S) * NS_PER_S;
}
