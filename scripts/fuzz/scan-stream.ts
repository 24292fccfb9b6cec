/** Random answers of a node to a scan: records with values of every kind, ends of partitions, and damage. */
import type { Random } from './random.js';

export interface StreamOptions {
  namespace: string;
  sets: readonly string[];
  /** The scan has requested the partitions below this one. */
  partitions: number;
  records: number;
  /** One record in so many is not what the scan asked for, or is no record; 0 = none. */
  damageEvery: number;
}

const DOUBLES = [0, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 1e17, 1e16, 1e17 - 16, 1e23, 0.1];
const MORE_DOUBLES = [
  1e-5,
  1e-4,
  123456789012345680,
  0.5,
  2 ** 53 + 2,
  1e-250,
  1e250,
  9.5e-7,
  12345.678901234567,
  1e22,
];
const INTEGERS = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 99999999n, 100000000n, 9999999999999999n, 10000000000000000n];
const SIZES = [0, 1, 2, 3, 5, 11, 12, 13, 15, 16, 17, 23, 24, 25, 31, 32, 47, 48, 100, 511, 512, 513, 530, 2000];
/** Of every kind that a backup can hold; those without a kind of their own are blobs of some language. */
const PARTICLES = [0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 7, 8, 9, 10, 11, 12, 17, 18, 19, 20, 23];
const KEY_PARTICLES = [1, 1, 2, 3, 3, 4, 7];
const SPECIAL = [0x20, 0x0a, 0x5c, 0x41];

export class ScanStream {
  /** How many records of each partition there were: their digests descend. */
  private readonly counts = new Map<number, number>();

  constructor(
    private readonly random: Random,
    readonly options: StreamOptions,
  ) {}

  /** Frames, the last of which ends the scan. */
  create(): Buffer {
    const { random, options } = this;
    const frames: Buffer[] = [];
    for (let left = options.records; left > 0;) {
      const count = Math.min(left, 1 + random.below(200));
      left -= count;
      frames.push(frame(Array.from({ length: count }, () => this.message())));
    }
    frames.push(frame([header({ info3: 1 })]));
    return Buffer.concat(frames);
  }

  private message(): Buffer {
    const { damageEvery } = this.options;
    const message = this.record();
    if (damageEvery === 0 || this.random.below(damageEvery) > 0) return message;
    // Anywhere, but more often where counts, sizes and types lie.
    const at = this.random.below(this.random.below(2) === 0 ? Math.min(message.length, 90) : message.length);
    const damaged = Buffer.from(message);
    damaged[at] = this.random.pick([0, 1, damaged[at]! ^ 1, damaged[at]! + 1, 0xff, this.random.below(256)]);
    return damaged;
  }

  private record(): Buffer {
    const { random, options } = this;
    const fields = [field(0, Buffer.from(options.namespace)), field(4, this.digest())];
    if (options.sets.length > 0 && random.below(4) > 0) fields.push(field(1, Buffer.from(random.pick(options.sets))));
    if (random.below(3) === 0) fields.push(field(2, this.key()));
    if (random.below(8) === 0) fields.reverse();
    const bins = Array.from({ length: random.below(8) === 0 ? random.below(60) : random.below(6) }, () => this.bin());
    const generation = random.below(3) === 0 ? random.below(65536) : 1 + random.below(3);
    const voidTime = random.below(3) === 0 ? random.below(2 ** 32) : 0;
    const head = header({ generation, voidTime, fields: fields.length, ops: bins.length });
    return Buffer.concat([head, ...fields, ...bins]);
  }

  private digest(): Buffer {
    const partition = this.random.below(this.options.partitions);
    const count = (this.counts.get(partition) ?? 0) + 1;
    this.counts.set(partition, count);
    const digest = this.bytes(20);
    digest[0] = partition & 0xff;
    digest[1] = 0xf0 | (partition >> 8);
    digest.writeUInt32BE(0xffffffff - count, 2);
    return digest;
  }

  private key(): Buffer {
    const type = this.random.pick(KEY_PARTICLES);
    const value = type === 1 ? this.integer() : type === 2 ? this.double() : this.bytes(this.random.pick(SIZES));
    return Buffer.concat([Buffer.from([type]), value]);
  }

  private bin(): Buffer {
    const { random } = this;
    const type = random.pick(PARTICLES);
    const name = this.name(random.below(16));
    // An update time stands between name and value.
    const hasTime = random.below(10) === 0;
    const value = this.value(type);
    const time = hasTime ? this.bytes(8) : Buffer.alloc(0);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(4 + name.length + time.length + value.length);
    head.set([1, type, hasTime ? 1 : 0, name.length], 4);
    return Buffer.concat([head, name, time, value]);
  }

  private value(type: number): Buffer {
    const { random } = this;
    switch (type) {
      case 0:
        return Buffer.alloc(0);
      case 1:
        return this.integer();
      case 2:
        return this.double();
      case 17:
        return Buffer.from([random.below(2)]);
      case 23: {
        const cells = random.below(3);
        return Buffer.concat([Buffer.from([0, 0, cells]), this.bytes(8 * cells + random.pick(SIZES))]);
      }
      default:
        return this.bytes(random.pick(SIZES));
    }
  }

  private integer(): Buffer {
    const { random } = this;
    const value = Buffer.alloc(8);
    const any = BigInt(random.below(2 ** 32));
    switch (random.below(5)) {
      case 0:
        return this.bytes(8);
      case 1:
        value.writeBigInt64BE(any % 100n);
        break;
      case 2:
        value.writeBigInt64BE(-any);
        break;
      case 3:
        value.writeBigInt64BE(random.pick(INTEGERS));
        break;
      default:
        value.writeBigInt64BE(any * BigInt(random.below(1 << 20)));
    }
    return value;
  }

  private double(): Buffer {
    const { random } = this;
    const value = Buffer.alloc(8);
    switch (random.below(7)) {
      case 0:
        return this.bytes(8);
      case 1:
        value.writeDoubleBE(random.below(1e9) / 100);
        break;
      case 2:
        value.writeDoubleBE((random.below(2 ** 32) - 2 ** 31) / 2);
        break;
      case 3:
        value.writeDoubleBE(random.pick(random.below(2) === 0 ? DOUBLES : MORE_DOUBLES));
        break;
      case 4:
        value.writeDoubleBE(random.fraction() * 10 ** (random.below(40) - 20));
        break;
      case 5:
        value.writeDoubleBE(random.below(1000) + 0.5 ** random.below(60));
        break;
      default:
        value.writeDoubleBE(random.below(100_000) / 1000);
    }
    return value;
  }

  private name(bytes: number): Buffer {
    const { random } = this;
    const name = Buffer.alloc(bytes);
    for (let i = 0; i < bytes; i++) name[i] = random.below(8) === 0 ? random.pick(SPECIAL) : 97 + random.below(26);
    return name;
  }

  private bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count);
    for (let i = 0; i < count; i++) bytes[i] = this.random.below(256);
    return bytes;
  }
}

function header({ info3 = 0, generation = 0, voidTime = 0, fields = 0, ops = 0 }): Buffer {
  const bytes = Buffer.alloc(22);
  bytes[0] = 22;
  bytes[3] = info3;
  bytes.writeUInt32BE(generation, 6);
  bytes.writeUInt32BE(voidTime, 10);
  bytes.writeUInt16BE(fields, 18);
  bytes.writeUInt16BE(ops, 20);
  return bytes;
}

function field(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(data.length + 1);
  head[4] = id;
  return Buffer.concat([head, data]);
}

function frame(messages: readonly Buffer[]): Buffer {
  const body = Buffer.concat(messages);
  const head = Buffer.alloc(8);
  head[0] = 2;
  head[1] = 3;
  head.writeUIntBE(body.length, 2, 6);
  return Buffer.concat([head, body]);
}
