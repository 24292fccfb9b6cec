/** A record's bins taken apart, for operations that change some of them. */
import { DIGEST_BYTES } from '../../core/partition.js';
import { OP_HEADER_BYTES, OpCursor } from '../protocol/command.js';
import type { StoredRecord } from './partition.js';
import { flatBinBytes, flatRecordBytes } from './record-size.js';
import { writeBin, type NamespaceStore, type RawBin } from './namespace-store.js';
import type { SetInfo } from './set-table.js';

/** From here on an index by name beats looking through the list. */
const MANY_BINS = 32;
const NO_KEY = Buffer.alloc(0);

export class RecordBuilder {
  readonly bins: RawBin[] = [];
  private positions: Map<string, number> | undefined;

  /** The values point into the record's slab; they are copied when the builder is stored. */
  static fromRecord(record: StoredRecord | undefined): RecordBuilder {
    const builder = new RecordBuilder();
    if (record === undefined) return builder;
    const cursor = new OpCursor().reset(record.slab, record.offset + record.opsStart, record.nOps);
    while (cursor.next()) builder.bins.push({ name: cursor.readName(), type: cursor.type, value: cursor.readValue() });
    return builder;
  }

  get(name: string): RawBin | undefined {
    return this.bins[this.findPosition(name)];
  }

  /** 12.2: a new bin goes to the end, a changed one stays where it is. */
  set(name: string, type: number, value: Buffer): void {
    const at = this.findPosition(name);
    if (at >= 0) this.bins[at] = { name, type, value };
    else {
      this.positions?.set(name, this.bins.length);
      this.bins.push({ name, type, value });
    }
  }

  /** 12.2: the last bin moves into the hole. */
  remove(name: string): void {
    const at = this.findPosition(name);
    if (at < 0) return;
    this.positions = undefined;
    const last = this.bins.pop()!;
    if (at < this.bins.length) this.bins[at] = last;
  }

  /** Records may have tens of thousands of bins; those get an index, built when it is first needed. */
  private findPosition(name: string): number {
    if (this.bins.length < MANY_BINS) return this.bins.findIndex((bin) => bin.name === name);
    if (this.positions?.size !== this.bins.length) this.positions = new Map(this.bins.map((bin, i) => [bin.name, i]));
    return this.positions.get(name) ?? -1;
  }

  storedBytes(setBytes: number, keyBytes: number, expires: boolean): number {
    let flat = 0;
    for (const bin of this.bins) flat += flatBinBytes(bin.name.length, bin.type, bin.value.length);
    return flatRecordBytes(flat, this.bins.length, setBytes, keyBytes, expires);
  }

  /** Writes the builder's image into the store's slot; `commit` is left to the caller. */
  beginImage(
    store: NamespaceStore,
    digestBuf: Buffer,
    digestStart: number,
    set: SetInfo | undefined,
    key: Buffer = NO_KEY,
  ): void {
    let opsBytes = 0;
    for (const bin of this.bins) opsBytes += OP_HEADER_BYTES + bin.name.length + bin.value.length;
    // The values may lie in the slab that is about to be replaced, but never in the room handed out.
    const digest = digestBuf.subarray(digestStart, digestStart + DIGEST_BYTES);
    store.beginImage(digest, 0, set, key, 0, key.length, opsBytes);
    let at = store.slotOps;
    for (const bin of this.bins) at = writeBin(store.slotSlab, at, bin.name, bin.type, bin.value);
  }
}
