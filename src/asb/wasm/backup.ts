// A scan's answer as backup text.
import { initBase64 } from './base64';
import { writeDouble } from './double';

/** To be called once, first. Returns where the memory begins that the module does not use. */
export function init(): usize {
  initBase64();
  return __heap_base;
}

export function writeDoubleText(at: usize, bits: u64): usize {
  return writeDouble(at, bits);
}
