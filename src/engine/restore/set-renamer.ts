/**
 * Moves records to other sets. The digest, which is what a record is known by, is a hash of its set and key: it is
 * computed anew, which only a stored key allows.
 *
 * HOT PATH where sets are renamed: allocates nothing per record.
 */
import { allocWithSlack } from '../../core/byte-copy.js';
import type { DecodedRecord } from '../../core/decoded-record.js';
import { DIGEST_BYTES } from '../../core/partition.js';
import { Ripemd160 } from '../../core/ripemd160.js';

/** Names of sets; an empty one is that of records without a set. */
export interface RenamedSet {
  from: string;
  to: string;
}

interface Rename {
  from: Buffer;
  start: number;
  end: number;
}

export class SetRenamer {
  private readonly renames: readonly Rename[];
  /** All new names, so that there is one buffer to copy from. */
  private readonly names: Buffer;
  private readonly hash = new Ripemd160();
  private readonly computed = allocWithSlack(DIGEST_BYTES);

  constructor(renamedSets: readonly RenamedSet[]) {
    const targets = renamedSets.map(({ to }) => Buffer.from(to));
    this.names = allocWithSlack(targets.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    this.renames = renamedSets.map(({ from }, i) => {
      const start = end;
      end += targets[i]!.copy(this.names, start);
      return { from: Buffer.from(from), start, end };
    });
  }

  /**
   * Gives the record its new set and digest, if its set has a new name. False = it cannot have them: its key is not
   * stored, or is not what its digest was made of.
   */
  rename(record: DecodedRecord): boolean {
    const { setBuf, setStart, setEnd } = record;
    for (const { from, start, end } of this.renames) {
      if (from.length !== setEnd - setStart) continue;
      if (from.compare(setBuf, setStart, setEnd) !== 0) continue;
      if (record.keyType === 0) return false;
      const { computed } = this;
      this.computeDigest(record);
      if (computed.compare(record.digest, 0, DIGEST_BYTES) !== 0) return false;
      record.setBuf = this.names;
      record.setStart = start;
      record.setEnd = end;
      this.computeDigest(record);
      computed.copy(record.digest);
      return true;
    }
    return true;
  }

  /** As every client does: the set, the type of the key, the key. */
  private computeDigest({ setBuf, setStart, setEnd, keyType, keyBuf, keyStart, keyEnd }: DecodedRecord): void {
    this.hash
      .reset()
      .update(setBuf, setStart, setEnd)
      .updateByte(keyType)
      .update(keyBuf, keyStart, keyEnd)
      .digest(this.computed, 0);
  }
}
