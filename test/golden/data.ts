/**
 * What the server and the backup files of the cases hold: always the same, with times of the distant future or past.
 */
import { createHash } from 'node:crypto';

/** Particle types as they stand on the wire (wire.md 1.5). */
const INTEGER = 1;
const FLOAT = 2;
const STRING = 3;
const BLOB = 4;
const BOOL = 17;
const HLL = 18;
const MAP = 19;
const LIST = 20;
const GEOJSON = 23;

export interface Bin {
  name: string;
  type: number;
  value: Buffer;
}

export interface StoredRecord {
  set: string;
  digest: Buffer;
  /** Type byte and key; absent = not stored. */
  key: Buffer | undefined;
  generation: number;
  voidTime: number;
  bins: readonly Bin[];
  updatedMs: number;
}

export interface Contents {
  records: readonly StoredRecord[];
  indexes: readonly {
    name: string;
    set: string | undefined;
    bin: string;
    type: 'numeric' | 'string' | 'blob' | 'geo2dsphere';
    collection: 'default' | 'list' | 'mapkeys' | 'mapvalues';
    context: string | undefined;
  }[];
  modules: readonly { name: string; text: string }[];
}

/** A void-time that no run lives to see: in the year 2136. */
export const FAR_VOID_TIME = 4_000_000_000;

const JANUARY_2021_MS = Date.UTC(2021, 0, 1);
const DAY_MS = 86_400_000;

const integer = (name: string, value: number | bigint): Bin => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return { name, type: INTEGER, value: bytes };
};
const double = (name: string, value: number): Bin => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { name, type: FLOAT, value: bytes };
};
const text = (name: string, value: string): Bin => ({ name, type: STRING, value: Buffer.from(value) });
const blob = (name: string, hex: string, type = BLOB): Bin => ({ name, type, value: Buffer.from(hex, 'hex') });
const flag = (name: string, value: boolean): Bin => ({ name, type: BOOL, value: Buffer.of(value ? 1 : 0) });
/** Flags, number of cells (none), and the text. */
const geo = (name: string, json: string): Bin => ({
  name,
  type: GEOJSON,
  value: Buffer.concat([Buffer.alloc(3), Buffer.from(json)]),
});

/** Not the digest that a real key would have, but as evenly spread, and the same every time. */
function createDigest(name: string): Buffer {
  return createHash('sha1').update(name).digest();
}

export function digestText(name: string): string {
  return createDigest(name).toString('base64');
}

/** The partition that a record of this name lies in. */
export function computePartition(name: string): number {
  return createDigest(name).readUInt16LE(0) & 4095;
}

interface Parts {
  set?: string;
  key?: Buffer;
  generation?: number;
  voidTime?: number;
  day?: number;
}

function stored(name: string, bins: readonly Bin[], parts: Parts = {}): StoredRecord {
  const { set = '', key, generation = 1, voidTime = 0, day = 0 } = parts;
  return {
    set,
    digest: createDigest(name),
    key,
    generation,
    voidTime,
    bins,
    updatedMs: JANUARY_2021_MS + day * DAY_MS,
  };
}

const integerKey = (value: number): Buffer => Buffer.concat([Buffer.of(INTEGER), integer('', value).value]);
const textKey = (value: string): Buffer => Buffer.concat([Buffer.of(STRING), Buffer.from(value)]);
const blobKey = (hex: string): Buffer => Buffer.concat([Buffer.of(BLOB), Buffer.from(hex, 'hex')]);

/** Every kind of value, key, set name, index and module. */
export const VARIED: Contents = {
  records: [
    stored('user-1', [integer('age', 41), text('name', 'Ada')], { set: 'users', key: integerKey(1), generation: 3 }),
    stored('user-2', [integer('age', -7), text('name', 'Zoë\nwith a line feed')], {
      set: 'users',
      key: textKey('key with blank\\'),
      day: 10,
    }),
    stored('user-3', [integer('age', 2n ** 62n)], { set: 'users', key: blobKey('00ff10'), voidTime: FAR_VOID_TIME }),
    stored('user-4', [double('ratio', 0.1), double('whole', 2), double('small', 5e-324)], { set: 'users', day: 20 }),
    stored('order-1', [blob('raw', '00010203feff0a'), blob('none', '')], { set: 'orders', generation: 7 }),
    stored('order-2', [flag('paid', true), flag('sent', false)], { set: 'orders', day: 30 }),
    // [1, "two"]
    stored('order-3', [blob('list', '9201a40374776f', LIST)], { set: 'orders' }),
    // {"a": 1}
    stored('order-4', [blob('map', '81a2036101', MAP)], { set: 'orders', voidTime: FAR_VOID_TIME }),
    stored('place-1', [geo('place', '{"type":"Point","coordinates":[1.5,2]}')], { set: 'places, and more' }),
    stored('bare-1', [text('bin with\tblank', ''), text('empty', '')]),
    stored('bare-2', [integer('n', 0)], { day: 40 }),
  ],
  indexes: [
    { name: 'by_age', set: 'users', bin: 'age', type: 'numeric', collection: 'default', context: undefined },
    { name: 'by_name', set: undefined, bin: 'name', type: 'string', collection: 'default', context: undefined },
    { name: 'by_item', set: 'orders', bin: 'list', type: 'numeric', collection: 'list', context: undefined },
    { name: 'by_place', set: 'places', bin: 'place', type: 'geo2dsphere', collection: 'default', context: undefined },
  ],
  modules: [
    { name: 'sum.lua', text: 'function sum(a, b)\n  return a + b\nend\n' },
    { name: 'with blank.lua', text: '-- nothing' },
  ],
};

/** The same and a HyperLogLog, which not every server takes back. */
export const WITH_HLL: Contents = {
  ...VARIED,
  records: [stored('hll-1', [blob('visitors', '000400000000', HLL)], { set: 'sketches' })],
};

/** `count` records of the set `s` with a text of `bytes` bytes each. */
export function uniform(count: number, bytes: number): Contents {
  const records = Array.from({ length: count }, (_, i) =>
    stored(`uniform-${i}`, [text('n', String(i).padEnd(bytes, '.'))], { set: 's' }),
  );
  return { records, indexes: [], modules: [] };
}

export const HEAD = 'Version 3.1\n# namespace test\n# first-file\n';
export const LATER_HEAD = 'Version 3.1\n# namespace test\n';

/** A record of a backup file. */
export function recordText(
  name: string,
  parts: Omit<Parts, 'day' | 'key'> & { bins?: string[]; namespace?: string } = {},
): string {
  const { set = 's', generation = 1, voidTime = 0, bins = ['I n 1'], namespace = 'test' } = parts;
  const setLine = set === '' ? '' : `+ s ${set}\n`;
  return (
    `+ n ${namespace}\n+ d ${digestText(name)}\n${setLine}+ g ${generation}\n+ t ${voidTime}\n+ b ${bins.length}\n` +
    bins.map((bin) => `- ${bin}\n`).join('')
  );
}

/** A file with `count` records named after `prefix`. */
export function fileText(count: number, prefix = 'r', head = HEAD): string {
  return head + Array.from({ length: count }, (_, i) => recordText(`${prefix}${i}`)).join('');
}
