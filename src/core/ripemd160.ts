/**
 * RIPEMD-160, the hash that makes a record's digest of its set and key. One object for all records: `node:crypto` needs
 * a new one for each.
 *
 * HOT PATH where sets are renamed: allocates nothing.
 */

const BLOCK_BYTES = 64;
const LENGTH_OFFSET = 56;
const ROUNDS = 5;
const STEPS = 16;

/** Message words of the left line, round by round; those of the right line behind them. */
const LEFT_WORDS = Uint8Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  ...[7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8],
  ...[3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12],
  ...[1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2],
  ...[4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13],
);
const RIGHT_WORDS = Uint8Array.of(
  ...[5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12],
  ...[6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2],
  ...[15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13],
  ...[8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14],
  ...[12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11],
);
const LEFT_SHIFTS = Uint8Array.of(
  ...[11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8],
  ...[7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12],
  ...[11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5],
  ...[11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12],
  ...[9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6],
);
const RIGHT_SHIFTS = Uint8Array.of(
  ...[8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6],
  ...[9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11],
  ...[9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5],
  ...[15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8],
  ...[8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11],
);
const LEFT_CONSTANTS = Int32Array.of(0, 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xa953fd4e);
const RIGHT_CONSTANTS = Int32Array.of(0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0);

export class Ripemd160 {
  private readonly state = new Int32Array(5);
  private readonly words = new Int32Array(16);
  private readonly block = Buffer.alloc(BLOCK_BYTES);
  private bytes = 0;

  /** Begins a new message. */
  reset(): this {
    const { state } = this;
    state[0] = 0x67452301;
    state[1] = 0xefcdab89;
    state[2] = 0x98badcfe;
    state[3] = 0x10325476;
    state[4] = 0xc3d2e1f0;
    this.bytes = 0;
    return this;
  }

  update(buf: Buffer, start: number, end: number): this {
    for (let at = start; at < end;) {
      const used = this.bytes % BLOCK_BYTES;
      const length = Math.min(BLOCK_BYTES - used, end - at);
      buf.copy(this.block, used, at, at + length);
      at += length;
      this.bytes += length;
      if (used + length === BLOCK_BYTES) this.compress();
    }
    return this;
  }

  updateByte(byte: number): this {
    const used = this.bytes % BLOCK_BYTES;
    this.block[used] = byte;
    this.bytes++;
    if (used + 1 === BLOCK_BYTES) this.compress();
    return this;
  }

  /** Writes the 20 bytes of the hash. */
  digest(target: Buffer, at: number): void {
    const { block, bytes, state } = this;
    const used = bytes % BLOCK_BYTES;
    block.fill(0, used);
    block[used] = 0x80;
    if (used >= LENGTH_OFFSET) {
      this.compress();
      block.fill(0);
    }
    block.writeUInt32LE((bytes * 8) >>> 0, LENGTH_OFFSET);
    block.writeUInt32LE(Math.floor(bytes / 0x2000_0000), LENGTH_OFFSET + 4);
    this.compress();
    for (let i = 0; i < 5; i++) target.writeInt32LE(state[i]!, at + i * 4);
  }

  private compress(): void {
    const { block, state, words } = this;
    for (let i = 0; i < STEPS; i++) words[i] = block.readInt32LE(i * 4);
    let a = state[0]!;
    let b = state[1]!;
    let c = state[2]!;
    let d = state[3]!;
    let e = state[4]!;
    let a2 = a;
    let b2 = b;
    let c2 = c;
    let d2 = d;
    let e2 = e;
    for (let i = 0; i < ROUNDS * STEPS; i++) {
      const round = i >>> 4;
      let sum = (a + mix(round, b, c, d) + words[LEFT_WORDS[i]!]! + LEFT_CONSTANTS[round]!) | 0;
      sum = (rotate(sum, LEFT_SHIFTS[i]!) + e) | 0;
      a = e;
      e = d;
      d = rotate(c, 10);
      c = b;
      b = sum;
      sum = (a2 + mix(ROUNDS - 1 - round, b2, c2, d2) + words[RIGHT_WORDS[i]!]! + RIGHT_CONSTANTS[round]!) | 0;
      sum = (rotate(sum, RIGHT_SHIFTS[i]!) + e2) | 0;
      a2 = e2;
      e2 = d2;
      d2 = rotate(c2, 10);
      c2 = b2;
      b2 = sum;
    }
    const carried = (state[1]! + c + d2) | 0;
    state[1] = (state[2]! + d + e2) | 0;
    state[2] = (state[3]! + e + a2) | 0;
    state[3] = (state[4]! + a + b2) | 0;
    state[4] = (state[0]! + b + c2) | 0;
    state[0] = carried;
  }
}

function mix(round: number, x: number, y: number, z: number): number {
  switch (round) {
    case 0:
      return x ^ y ^ z;
    case 1:
      return (x & y) | (~x & z);
    case 2:
      return (x | ~y) ^ z;
    case 3:
      return (x & z) | (y & ~z);
    default:
      return x ^ (y | ~z);
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
