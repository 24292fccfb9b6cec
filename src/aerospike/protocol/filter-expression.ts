/** Server-side filter expressions that a backup builds itself (wire.md 10.4, asbackup.md 5.10). */

export interface FilterParts {
  /** Two or more set names; '' = records without a set. One set goes into the request instead. */
  sets: readonly string[];
  /** Last update earlier than this, nanoseconds since 1970. */
  modifiedBeforeNs?: bigint;
  /** Last update at or after this, nanoseconds since 1970. */
  modifiedAfterNs?: bigint;
  noTtlOnly?: boolean;
}

const OpCode = { EQ: 1, GE: 4, LT: 5, AND: 16, OR: 17, LAST_UPDATE: 66, TTL: 69, SET_NAME: 70 } as const;
const STRING_MARK = 3;

/** The msgpack bytes of the expression, or undefined when nothing is to be filtered. */
export function buildFilter(parts: FilterParts): Buffer | undefined {
  const components: Buffer[] = [];
  if (parts.sets.length > 1) {
    const equals = parts.sets.map((set) => list(int(OpCode.EQ), list(int(OpCode.SET_NAME)), string(set)));
    components.push(list(int(OpCode.OR), ...equals));
  }
  if (parts.modifiedBeforeNs !== undefined) {
    components.push(list(int(OpCode.LT), list(int(OpCode.LAST_UPDATE)), unsigned(parts.modifiedBeforeNs)));
  }
  if (parts.modifiedAfterNs !== undefined) {
    components.push(list(int(OpCode.GE), list(int(OpCode.LAST_UPDATE)), unsigned(parts.modifiedAfterNs)));
  }
  if (parts.noTtlOnly === true) components.push(list(int(OpCode.EQ), list(int(OpCode.TTL)), int(-1)));
  if (components.length <= 1) return components[0];
  return list(int(OpCode.AND), ...components);
}

function list(...items: Buffer[]): Buffer {
  const { length } = items;
  if (length < 16) return Buffer.concat([Buffer.of(0x90 | length), ...items]);
  const head = Buffer.allocUnsafe(length < 0x10000 ? 3 : 5);
  head[0] = length < 0x10000 ? 0xdc : 0xdd;
  head.writeUIntBE(length, 1, head.length - 1);
  return Buffer.concat([head, ...items]);
}

/** −32 … 127. */
function int(value: number): Buffer {
  return Buffer.of(value & 0xff);
}

/** The shortest unsigned form. */
function unsigned(value: bigint): Buffer {
  if (value < 0x80n) return Buffer.of(Number(value));
  const bytes = value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8;
  const out = Buffer.alloc(1 + bytes);
  out[0] = 0xcc + Math.log2(bytes);
  if (bytes === 8) out.writeBigUInt64BE(value, 1);
  else out.writeUIntBE(Number(value), 1, bytes);
  return out;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length + 1;
  const head = length < 32 ? Buffer.of(0xa0 | length) : Buffer.of(0xd9, length);
  return Buffer.concat([head, Buffer.of(STRING_MARK), bytes]);
}
