/** Backup files to measure with: the same for the same kind and number of records. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const BLOB_BYTES = 8192;
const WIDE_BINS = 50;

interface Kind {
  /** Records per record of the smallest kind, so that each kind is about as much work. */
  share: number;
  /** The text of the bins of record `i`. */
  bins: (i: number, random: () => number) => string;
  /** Bins of a record. */
  count: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  /** Three bins, about 170 bytes of text. */
  small: {
    share: 1,
    bins: (i) => `- I number ${i * 7919}\n- S text 24 ${`value of record ${i}`.padEnd(24)}\n- D half ${i / 2}\n`,
    count: 3,
  },
  /** One blob of 8 KiB. */
  blob: {
    share: 1 / 25,
    bins: (_i, random) => {
      const bytes = Buffer.allocUnsafe(BLOB_BYTES);
      for (let at = 0; at < BLOB_BYTES; at += 4) bytes.writeInt32LE(random() | 0, at);
      const text = bytes.toString('base64');
      return `- B blob ${text.length} ${text}\n`;
    },
    count: 1,
  },
  /** Fifty bins of integers and short strings. */
  wide: {
    share: 1 / 20,
    bins: (_i, random) => {
      let text = '';
      for (let bin = 0; bin < WIDE_BINS; bin += 2) {
        const value = `word${random() & 0xffff}`;
        text += `- I int${bin} ${random()}\n- S str${bin} ${value.length} ${value}\n`;
      }
      return text;
    },
    count: WIDE_BINS,
  },
  /** A list of twenty integers and a map of ten strings to integers. */
  cdt: {
    share: 1 / 4,
    bins: (_i, random) => {
      const list = [0xdc, 0, 20];
      for (let n = 0; n < 20; n++) list.push(0xcd, ...toWord(random()));
      const map = [0xde, 0, 10];
      for (let n = 0; n < 10; n++) map.push(0xa5, 3, ...Buffer.from(`key${n}`), 0xcd, ...toWord(random()));
      const l = Buffer.from(list).toString('base64');
      const m = Buffer.from(map).toString('base64');
      return `- L list ${l.length} ${l}\n- M map ${m.length} ${m}\n`;
    },
    count: 2,
  },
};

export const DATASETS = Object.keys(KINDS);

/**
 * Writes a backup file of one kind of DATASETS. `scale`: records of the smallest kind; the others are larger, so there
 * are fewer of them. Resolves with the number of records.
 */
export async function writeRecords(path: string, kind: string, scale: number): Promise<number> {
  const { share, count, bins } = KINDS[kind]!;
  const records = Math.max(1, Math.round(scale * share));
  const random = generator(1);
  const out = createWriteStream(path);
  out.write('Version 3.1\n# namespace test\n# first-file\n');
  const key = Buffer.alloc(9);
  key[0] = 1;
  let text = '';
  for (let i = 0; i < records; i++) {
    key.writeBigInt64BE(BigInt(i), 1);
    const digest = createHash('ripemd160').update('bench').update(key).digest('base64');
    text += `+ k I ${i}\n+ n test\n+ d ${digest}\n+ s bench\n+ g 1\n+ t 0\n+ b ${count}\n` + bins(i, random);
    if (text.length > 1_000_000) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'close');
  return records;
}

function toWord(number: number): [number, number] {
  return [(number >>> 8) & 0x7f, number & 0xff];
}

/** Numbers below 2^32 that are the same in every run (mulberry32). */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}
