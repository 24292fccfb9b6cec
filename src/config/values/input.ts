import type { RestoreSource } from '../../engine/restore/config.js';
import { parseInteger } from './number.js';

const MAX_DECLARED_BYTES = 2 ** 50;

/** A path, `-` for standard input, or `-:BYTES` to tell the progress line how much will come. */
export function parseInput(text: string): RestoreSource {
  if (text === '-') return { kind: 'stdin' };
  if (!text.startsWith('-:')) return { kind: 'file', path: text };
  return { kind: 'stdin', expectedBytes: parseInteger(text.slice(2), 0, MAX_DECLARED_BYTES) };
}
