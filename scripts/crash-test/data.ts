/** Records in a namespace of the in-memory node whose versions are all known, and changes to them. */
import { createHash } from 'node:crypto';
import type { NamespaceStore } from '../../src/node/data/namespace-store.js';
import type { Random } from '../fuzz/random.js';

const INTEGER = 1;
const STRING = 3;
const BLOB = 4;
/** How often records change, and how many at a time. */
const CHANGE_EVERY_MS = 10;
const CHANGES = 5;

export interface Bin {
  name: string;
  type: number;
  value: Buffer;
}

interface GeneratedRecord {
  number: number;
  digest: Buffer;
  /** The digest's base64. */
  name: string;
  version: number;
}

/** What a backup and a restore must keep of a record, as text. `key`: particle type byte and bytes, or empty. */
export function formatRecord(
  set: string,
  generation: number,
  voidTime: number,
  key: Buffer,
  bins: readonly Bin[],
): string {
  const parts = bins.map(({ name, type, value }) => `${name}:${type}:${value.toString('latin1')}`).sort();
  return [set, generation, voidTime, key.toString('latin1'), ...parts].join('\n');
}

export class TestData {
  /** Texts of all versions that a record has had since the last `startChanges`, by the digest's base64. */
  readonly versions = new Map<string, Set<string>>();
  /** Records that are there from the start to the end. */
  readonly steady: GeneratedRecord[] = [];
  private readonly added: GeneratedRecord[] = [];
  private next = 0;

  constructor(
    private readonly store: NamespaceStore,
    private readonly random: Random,
    count: number,
  ) {
    for (let i = 0; i < count; i++) this.steady.push(this.add());
  }

  get count(): number {
    return this.steady.length;
  }

  /** Updates, adds and deletes records until `stop` is called. */
  startChanges(): { stop(): void } {
    const timer = setInterval(() => {
      const { random, steady } = this;
      for (let i = 0; i < CHANGES; i++) {
        this.put(steady[random.below(steady.length)]!);
        this.added.push(this.add());
        if (random.below(2) === 0) this.remove(this.added.splice(random.below(this.added.length), 1)[0]!);
      }
    }, CHANGE_EVERY_MS);
    let stopped = false;
    return {
      /** Removes what was added, so that the next backup starts with the same records. */
      stop: () => {
        clearInterval(timer);
        if (stopped) return;
        stopped = true;
        for (const one of this.added.splice(0)) this.remove(one);
      },
    };
  }

  /** Keeps only the current version of each record. */
  forgetOldVersions(): void {
    const steady = new Set(this.steady.map(({ name }) => name));
    for (const [name, texts] of this.versions) {
      if (steady.has(name)) this.versions.set(name, new Set([...texts].slice(-1)));
      else this.versions.delete(name);
    }
  }

  private add(): GeneratedRecord {
    const number = this.next++;
    const digest = createHash('ripemd160').update(`torture ${number}`).digest();
    const one = { number, digest, name: digest.toString('base64'), version: 0 };
    this.put(one);
    return one;
  }

  /** The next version of a record. */
  private put(one: GeneratedRecord): void {
    const { number, digest, name } = one;
    one.version++;
    const noise = createHash('sha512').update(`${number} ${one.version}`).digest();
    const integer = Buffer.alloc(8);
    integer.writeBigInt64BE(BigInt(number));
    const key = number % 3 === 0 ? Buffer.concat([Buffer.of(INTEGER), integer]) : Buffer.alloc(0);
    const bins: Bin[] = [
      { name: 'n', type: INTEGER, value: integer },
      { name: 'text', type: STRING, value: Buffer.from(`${noise.toString('base64')}\n\\ ${number}`) },
    ];
    if (number % 2 === 0) bins.push({ name: 'a blob', type: BLOB, value: noise });
    const set = number % 5 === 0 ? '' : 'torture';
    this.store.putRaw(set, digest, key.length === 0 ? undefined : key, one.version, 0, bins);
    const text = formatRecord(set, one.version, 0, key, bins);
    const known = this.versions.get(name);
    if (known === undefined) this.versions.set(name, new Set([text]));
    else known.add(text);
  }

  private remove({ digest }: GeneratedRecord): void {
    const record = this.store.partition(digest, 0).find(digest, 0);
    if (record !== undefined) this.store.remove(record);
  }
}

/** The records of a namespace of the in-memory node: texts by the digest's base64. */
export function readStoredRecords(store: NamespaceStore): Map<string, string> {
  const found = new Map<string, string>();
  for (const partition of store.partitions) {
    for (const record of partition.records) {
      const { slab, offset, opsStart } = record;
      const digestAt = offset + store.digestAt;
      const key = slab.subarray(store.keyStart(record), store.keyEnd(record));
      const bins: Bin[] = [];
      for (let at = offset + opsStart, left = record.nOps; left > 0; left--) {
        const end = at + 4 + slab.readUInt32BE(at);
        const nameEnd = at + 8 + slab[at + 7]!;
        bins.push({
          name: slab.toString('latin1', at + 8, nameEnd),
          type: slab[at + 5]!,
          value: slab.subarray(nameEnd, end),
        });
        at = end;
      }
      const set = record.set === undefined ? '' : record.set.bytes.toString('latin1');
      const digest = slab.toString('base64', digestAt, digestAt + 20);
      found.set(digest, formatRecord(set, record.generation, record.voidTime, key, bins));
    }
  }
  return found;
}
