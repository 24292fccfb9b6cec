// What stands in front of a bin's value in backup text: its type, and its name.
import { readName } from './bin-names';

/** `- ` */
const BIN_LINE: u32 = 0x202d;
const SPACE_CODE: u32 = 0x20;
const BANG_CODE: u32 = 0x21;
const TRUE_LINE: u32 = 0x0a54;
const FALSE_LINE: u32 = 0x0a46;
export const INTEGER: u32 = 1;
export const FLOAT: u32 = 2;
export const STRING: u32 = 3;
export const BOOL: u32 = 17;
export const MAP: u32 = 19;
export const LIST: u32 = 20;
export const GEOJSON: u32 = 23;
/** By letter of a bin: its particle type, 0 = no ordinary bin. */
const PARTICLES: usize = memory.data(256, 16);

/** Of the bin at work: its particle type, and whether its bytes stand as they are. */
export let particle: u32 = 0;
export let compact: bool = false;

/** To be called once, before anything is read. */
export function initParticles(): void {
  setParticle(0x49, INTEGER); // I
  setParticle(0x44, FLOAT); // D
  setParticle(0x53, STRING); // S
  setParticle(0x42, 4); // B
  setParticle(0x4a, 7); // J
  setParticle(0x43, 8); // C
  setParticle(0x50, 9); // P
  setParticle(0x52, 10); // R
  setParticle(0x48, 11); // H
  setParticle(0x45, 12); // E
  setParticle(0x5a, BOOL); // Z
  setParticle(0x59, 18); // Y
  setParticle(0x4d, MAP); // M
  setParticle(0x4c, LIST); // L
  setParticle(0x47, GEOJSON); // G
}

function setParticle(letter: usize, particle: u32): void {
  store<u8>(PARTICLES + letter, u8(particle));
}

/** Reads a bin up to the space behind its name, and returns the position of the value; 0 = stuck. */
export function readBinHead(at: usize): usize {
  const head = load<u32>(at);
  particle = u32(load<u8>(PARTICLES + usize((head >> 16) & 0xff)));
  if ((head & 0xffff) != BIN_LINE || particle == 0) return 0;
  compact = head >> 24 != SPACE_CODE;
  at += 4;
  if (compact) {
    if (head >> 24 != BANG_CODE || u32(load<u8>(at)) != SPACE_CODE) return 0;
    at++;
  }
  at = readName(at);
  return at == 0 ? 0 : at + 1;
}

/** Reads a value of type BOOL and the LF behind it. */
export function readBool(at: usize): usize {
  const line = u32(load<u16>(at));
  return line == TRUE_LINE || line == FALSE_LINE ? at + 2 : 0;
}

export function isTrue(at: usize): bool {
  return u32(load<u16>(at)) == TRUE_LINE;
}
