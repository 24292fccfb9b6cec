/**
 * A hash table from digest to position in a list, in flat arrays: no string and no object per record. The digests
 * themselves are not kept; the owner compares them where they lie.
 */
import { DIGEST_BYTES } from '../../core/partition.js';

const FIRST_CAPACITY = 16;
/** A cell is free, or was used and must not end a search, or holds position + 1. */
const FREE = 0;
const GONE = -1;

/** Whether the list's element at `position` has the digest at `buf[start…]`. */
export type SameDigest = (position: number, buf: Buffer, start: number) => boolean;

export class DigestIndex {
  private tags = new Int32Array(FIRST_CAPACITY);
  private cells = new Int32Array(FIRST_CAPACITY);
  private mask = FIRST_CAPACITY - 1;
  /** Cells that are not free. */
  private used = 0;
  private live = 0;

  constructor(private readonly isSame: SameDigest) {}

  /** The position stored for a digest, or -1. */
  get(buf: Buffer, start: number): number {
    const cell = this.findCell(buf, start);
    return cell < 0 ? -1 : this.cells[cell]! - 1;
  }

  private findCell(buf: Buffer, start: number): number {
    const tag = computeTag(buf, start);
    const { tags, cells, mask } = this;
    for (let i = tag & mask; ; i = (i + 1) & mask) {
      const held = cells[i]!;
      if (held === FREE) return -1;
      if (tags[i] === tag && held !== GONE && this.isSame(held - 1, buf, start)) return i;
    }
  }

  /** Adds a digest that is not in the table. */
  add(buf: Buffer, start: number, position: number): void {
    if ((this.used + 1) * 4 > this.cells.length * 3) this.grow();
    this.put(computeTag(buf, start), position + 1);
    this.used++;
    this.live++;
  }

  private put(tag: number, held: number): void {
    let i = tag & this.mask;
    while (this.cells[i] !== FREE) i = (i + 1) & this.mask;
    this.tags[i] = tag;
    this.cells[i] = held;
  }

  /** Removes a digest; true if it was there. */
  delete(buf: Buffer, start: number): boolean {
    const cell = this.findCell(buf, start);
    if (cell < 0) return false;
    this.cells[cell] = GONE;
    this.live--;
    return true;
  }

  /** Notes that the element of a digest has moved in the list. */
  move(buf: Buffer, start: number, position: number): void {
    const cell = this.findCell(buf, start);
    if (cell >= 0) this.cells[cell] = position + 1;
  }

  private grow(): void {
    const { tags, cells } = this;
    const capacity = this.live * 2 > cells.length / 2 ? cells.length * 2 : cells.length;
    this.tags = new Int32Array(capacity);
    this.cells = new Int32Array(capacity);
    this.mask = capacity - 1;
    for (let i = 0; i < cells.length; i++) if (cells[i]! > 0) this.put(tags[i]!, cells[i]!);
    this.used = this.live;
  }

  clear(): void {
    this.tags = new Int32Array(FIRST_CAPACITY);
    this.cells = new Int32Array(FIRST_CAPACITY);
    this.mask = FIRST_CAPACITY - 1;
    this.used = this.live = 0;
  }
}

/** Digests are hashes already, but test data may come with digests made up from counters: mix a little. */
function computeTag(buf: Buffer, start: number): number {
  let tag = 0;
  for (let i = start + 2; i < start + DIGEST_BYTES; i += 3) {
    tag = Math.imul(tag, 0x9e3779b1) ^ (buf[i]! | (buf[i + 1]! << 8) | (buf[i + 2]! << 16));
  }
  return tag ^ (tag >>> 15);
}
