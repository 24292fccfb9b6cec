// The "persist index" bits of lists and maps, as aerospike/protocol/cdt-check.ts clears them, where it is explained.

/** By first byte of an element: its bytes if they are fixed, and CONTAINER for the header of a list or map. */
const ELEMENTS: usize = memory.data(256, 16);
const CONTAINER: u32 = 0x80;
const BYTES: u32 = 0x7f;

const PERSIST_INDEX: u8 = 0x10;
const FIRST_FOREIGN_EXT: u8 = 0x80;

/** To be called once. */
export function initPersistBits(): void {
  for (let b: u32 = 0; b < 256; b++) store<u8>(ELEMENTS + usize(b), u8(describeElement(b)));
}

function describeElement(first: u32): u32 {
  if (first < 0x80 || first >= 0xe0) return 1;
  if (first < 0xa0) return CONTAINER | 1;
  if (first < 0xc0) return 1 + (first & 0x1f);
  switch (first) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 1;
    case 0xcc:
    case 0xd0:
      return 2;
    case 0xcd:
    case 0xd1:
      return 3;
    case 0xca:
    case 0xce:
    case 0xd2:
      return 5;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 9;
    case 0xdc:
    case 0xde:
      return CONTAINER | 3;
    case 0xdd:
    case 0xdf:
      return CONTAINER | 5;
    default:
      return 0;
  }
}

/** Clears the bit wherever a list or map in the bytes from `at` to `end` has it. Returns whether there was one. */
export function clearPersistBits(at: usize, end: usize): bool {
  let changed = false;
  let afterHeader = false;
  while (at < end) {
    const first = u32(load<u8>(at));
    const element = u32(load<u8>(ELEMENTS + usize(first)));
    let bytes: u64 = element & BYTES;
    if (bytes == 0) {
      if (afterHeader) {
        const typeAt = findExtType(at, first);
        if (typeAt != 0 && typeAt < end) {
          const flags = load<u8>(typeAt);
          if (flags < FIRST_FOREIGN_EXT && (flags & PERSIST_INDEX) != 0) {
            store<u8>(typeAt, flags & ~PERSIST_INDEX);
            changed = true;
          }
        }
      }
      bytes = countVariableBytes(at, first);
      if (bytes == 0) return changed;
    }
    if (bytes >= u64(end - at)) return changed;
    afterHeader = (element & CONTAINER) != 0;
    at += usize(bytes);
  }
  return changed;
}

function findExtType(at: usize, first: u32): usize {
  if (first == 0xc7) return at + 2;
  if (first == 0xc8) return at + 3;
  if (first == 0xc9) return at + 5;
  return first >= 0xd4 && first <= 0xd8 ? at + 1 : 0;
}

/** 0 = no element begins like this. The length may be any, also one that 32 bits cannot hold. */
function countVariableBytes(at: usize, first: u32): u64 {
  const one: u64 = load<u8>(at, 1);
  const two = (one << 8) | u64(load<u8>(at, 2));
  const four: u64 = bswap<u32>(load<u32>(at, 1));
  switch (first) {
    case 0xc4:
    case 0xd9:
      return 2 + one;
    case 0xc5:
    case 0xda:
      return 3 + two;
    case 0xc6:
    case 0xdb:
      return 5 + four;
    case 0xc7:
      return 3 + one;
    case 0xc8:
      return 4 + two;
    case 0xc9:
      return 6 + four;
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return u64(2) + (u64(1) << u64(first - 0xd4));
    default:
      return 0;
  }
}
