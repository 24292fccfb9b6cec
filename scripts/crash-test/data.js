/** Records whose every version is known, in a namespace of the in-memory server, and changes to them. */
import { createHash } from 'node:crypto';
import { clearInterval, setInterval } from 'node:timers';

const INTEGER = 1;
const STRING = 3;
const BLOB = 4;
/** How often records change, and how many at a time. */
const CHANGE_EVERY_MS = 10;
const CHANGES = 5;

/** A record as text: what must be the same on its whole way. `key`: particle type byte and bytes, or empty. */
export function recordText(set, generation, voidTime, key, bins) {
  const parts = bins.map(({ name, type, value }) => `${name}:${type}:${value.toString('latin1')}`).sort();
  return [set, generation, voidTime, key.toString('latin1'), ...parts].join('\n');
}

export class Data {
  /** Texts of all versions that a record has had since the last `startChanges`, by the digest's base64. */
  versions = new Map();
  /** Records that are there from the start to the end. */
  steady = [];
  #added = [];
  #next = 0;

  constructor(store, random, count) {
    this.store = store;
    this.random = random;
    for (let i = 0; i < count; i++) this.steady.push(this.#add());
  }

  get count() {
    return this.steady.length;
  }

  /** Updates, adds and deletes records until `stop` is called. */
  startChanges() {
    const timer = setInterval(() => {
      const { random, steady } = this;
      for (let i = 0; i < CHANGES; i++) {
        this.#put(steady[random.below(steady.length)]);
        this.#added.push(this.#add());
        if (random.below(2) === 0) this.#remove(this.#added.splice(random.below(this.#added.length), 1)[0]);
      }
    }, CHANGE_EVERY_MS);
    let stopped = false;
    return {
      /** What was added goes again: the next backup begins with what this one did. */
      stop: () => {
        clearInterval(timer);
        if (stopped) return;
        stopped = true;
        for (const one of this.#added.splice(0)) this.#remove(one);
      },
    };
  }

  /** What is there now is all that there was. */
  forget() {
    const steady = new Set(this.steady.map(({ name }) => name));
    for (const [name, texts] of this.versions) {
      if (steady.has(name)) this.versions.set(name, new Set([...texts].slice(-1)));
      else this.versions.delete(name);
    }
  }

  #add() {
    const number = this.#next++;
    const digest = createHash('ripemd160').update(`torture ${number}`).digest();
    const one = { number, digest, name: digest.toString('base64'), version: 0 };
    this.#put(one);
    return one;
  }

  /** The next version of a record. */
  #put(one) {
    const { number, digest, name } = one;
    one.version++;
    const noise = createHash('sha512').update(`${number} ${one.version}`).digest();
    const integer = Buffer.alloc(8);
    integer.writeBigInt64BE(BigInt(number));
    const key = number % 3 === 0 ? Buffer.concat([Buffer.of(INTEGER), integer]) : Buffer.alloc(0);
    const bins = [
      { name: 'n', type: INTEGER, value: integer },
      { name: 'text', type: STRING, value: Buffer.from(`${noise.toString('base64')}\n\\ ${number}`) },
    ];
    if (number % 2 === 0) bins.push({ name: 'a blob', type: BLOB, value: noise });
    const set = number % 5 === 0 ? '' : 'torture';
    this.store.putRaw(set, digest, key.length === 0 ? undefined : key, one.version, 0, bins);
    const text = recordText(set, one.version, 0, key, bins);
    const known = this.versions.get(name);
    if (known === undefined) this.versions.set(name, new Set([text]));
    else known.add(text);
  }

  #remove({ digest }) {
    const record = this.store.partition(digest, 0).find(digest, 0);
    if (record !== undefined) this.store.remove(record);
  }
}

/** What a namespace of the in-memory server holds: texts by the digest's base64. */
export function storedRecords(store) {
  const found = new Map();
  for (const partition of store.partitions) {
    for (const record of partition.records) {
      const { slab, offset, opsStart } = record;
      const digestAt = offset + store.digestAt;
      const key = slab.subarray(store.keyStart(record), store.keyEnd(record));
      const bins = [];
      for (let at = offset + opsStart, left = record.nOps; left > 0; left--) {
        const end = at + 4 + slab.readUInt32BE(at);
        const nameEnd = at + 8 + slab[at + 7];
        bins.push({
          name: slab.latin1Slice(at + 8, nameEnd),
          type: slab[at + 5],
          value: slab.subarray(nameEnd, end),
        });
        at = end;
      }
      const set = record.set === undefined ? '' : record.set.bytes.toString('latin1');
      const digest = slab.toString('base64', digestAt, digestAt + 20);
      found.set(digest, recordText(set, record.generation, record.voidTime, key, bins));
    }
  }
  return found;
}
