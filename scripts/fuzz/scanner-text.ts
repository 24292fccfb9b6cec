/** Random text of records: mostly ordinary, with everything that the format allows now and then. */
import { seededRandom, type Random } from './random.js';

const NAMESPACES = ['test', 'test', 'test', 'te\\ st', 'other'];
const SETS = ['bench', 'bench', 'null', 'people', '', 'a b', 'back\\\\slash', 'x'.repeat(63), 'größe'];
const PLAIN_NAMES = ['number', 'text', 'half', 'a', '', 'b\xff', 'fifteen-letters', 'name7', 'eight888', 'nine99999'];
const ODD_NAMES = ['with\\ space', 'line\\\nfeed', 'sixteen-letters!', 'back\\\\slash', 'nul\0'];
const LETTERS = 'IIISSSDDZGBJCPRHEYML'.split('');
const ODD_LETTERS = 'NNNXXXUa'.split('');
const INTEGERS = ['0', '-0', '7', '42', '-1', '007', '12345678', '123456789', '9223372036854775807'];
const ODD_INTEGERS = ['-9223372036854775808', '9223372036854775808', '-', '', '1x', '18446744073709551616', '+1'];
const FLOATS = [
  '0.0',
  '0.5',
  '-1.25',
  '1e3',
  '1.5E-7',
  '123456.789',
  '4.9406564584124654e-324',
  '1.7976931348623157e308',
];
const ODD_FLOATS = ['nan', '-inf', 'infinity', '.5', '5.', '1e', '1e400', '1e-400', '+2', '-', '0x1p3', '1e99999'];
const SIZES = [0, 1, 2, 3, 5, 11, 12, 15, 16, 17, 23, 24, 25, 31, 47, 48, 100, 190, 192, 300, 511, 513, 530, 2000];
/** Headers of msgpack that matter for lists and maps. */
const CDT_BYTES = [
  0x90, 0x93, 0x80, 0x82, 0xdc, 0xdd, 0xde, 0xdf, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0x11, 0x10, 0xff, 0, 1,
];

/** A file of up to `maxRecords` records, header included, as the bytes of a latin1 string. */
export function createText(random: Random, maxRecords: number): Buffer {
  const namespace = random.pick(NAMESPACES);
  const records = Array.from({ length: 1 + random.below(maxRecords) }, () =>
    createRecord(random, random.below(40) === 0 ? random.pick(NAMESPACES) : namespace),
  );
  return Buffer.from(`Version 3.1\n# first-file\n${records.join('')}`, 'latin1');
}

function createRecord(random: Random, namespace: string): string {
  let bins = '';
  const count = random.below(12) === 0 ? random.below(140) : random.below(6);
  for (let i = 0; i < count; i++) bins += createBin(random, i);
  const set = random.below(4) === 0 ? '' : `+ s ${random.pick(SETS)}\n`;
  const generation = random.below(5) === 0 ? random.below(random.below(50) === 0 ? 70_000 : 65_536) : random.below(3);
  const expiration =
    random.below(3) > 0 ? 0 : random.below(2) === 0 ? random.below(2 ** 31) : random.pick([4294967295, 1e9]);
  return (
    `${createKey(random)}+ n ${namespace}\n+ d ${createBytes(random, 20).toString('base64')}\n${set}` +
    `+ g ${generation}\n+ t ${expiration}\n+ b ${count}\n${bins}`
  );
}

function createKey(random: Random): string {
  switch (random.below(12)) {
    case 0:
      return `+ k I ${createInteger(random)}\n`;
    case 1:
      return `+ k D ${createFloat(random)}\n`;
    case 2: {
      const value = createBytes(random, random.pick(SIZES)).toString('latin1');
      return `+ k S ${value.length} ${value}\n`;
    }
    case 3: {
      const text = createBytes(random, random.pick(SIZES)).toString('base64');
      return `+ k ${random.pick(['B', 'X'])} ${text.length} ${text}\n`;
    }
    default:
      return '';
  }
}

function createBin(random: Random, index: number): string {
  const letter = random.below(150) === 0 ? random.pick(ODD_LETTERS) : random.pick(LETTERS);
  const name =
    random.below(100) === 0
      ? random.pick(ODD_NAMES)
      : random.below(60) === 0
        ? random.pick(PLAIN_NAMES)
        : `${random.pick(PLAIN_NAMES).slice(0, 11)}${index}`;
  const bang = random.below(6) === 0 ? '!' : '';
  const head = `- ${letter}${bang} ${name}`;
  switch (letter) {
    case 'N':
      return `${head}\n`;
    case 'I':
      return `${head} ${createInteger(random)}\n`;
    case 'D':
      return `${head} ${createFloat(random)}\n`;
    case 'Z':
      return `${head} ${random.pick(['T', 'F'])}\n`;
    case 'S':
    case 'G':
      return `${head} ${createRaw(createBytes(random, random.pick(SIZES)))}`;
    default: {
      const value = 'LM'.includes(letter) ? createCdt(random) : createBytes(random, random.pick(SIZES));
      if (bang !== '') return `${head} ${createRaw(value)}`;
      const text = value.toString('base64');
      return `${head} ${text.length} ${text}\n`;
    }
  }
}

function createRaw(value: Buffer): string {
  return `${value.length} ${value.toString('latin1')}\n`;
}

function createInteger(random: Random): string {
  if (random.below(300) === 0) return random.pick(ODD_INTEGERS);
  if (random.below(4) === 0) return random.pick(INTEGERS);
  const digits = 1 + random.below(18);
  let text = random.below(3) === 0 ? '-' : '';
  for (let i = 0; i < digits; i++) text += random.below(10).toString();
  return text;
}

function createFloat(random: Random): string {
  if (random.below(200) === 0) return random.pick(ODD_FLOATS);
  if (random.below(4) === 0) return random.pick(FLOATS);
  if (random.below(3) === 0) return ((random.fraction() - 0.5) * 10 ** (random.below(40) - 20)).toString();
  const value = createBytes(random, 8).readDoubleBE();
  return Number.isFinite(value) ? value.toString() : '1';
}

/** Random bytes are cut out of these, which takes less time than making them anew. */
const POOL = createPool(1 << 18, 256, (value) => value);
const CDT_POOL = createPool(1 << 16, 2 * CDT_BYTES.length, (value) => CDT_BYTES[value] ?? value * 7);

function createPool(bytes: number, values: number, toByte: (value: number) => number): Buffer {
  const random = seededRandom(bytes);
  return Buffer.from(Array.from({ length: bytes }, () => toByte(random.below(values))));
}

function createBytes(random: Random, bytes: number): Buffer {
  const at = random.below(POOL.length - bytes);
  return POOL.subarray(at, at + bytes);
}

function createCdt(random: Random): Buffer {
  const bytes = random.pick(SIZES.slice(0, 18));
  const at = random.below(CDT_POOL.length - bytes);
  return CDT_POOL.subarray(at, at + bytes);
}
