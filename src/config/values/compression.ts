import type { Compression } from '../../codecs/codecs.js';
import { COMPRESSION_IDS } from '../../codecs/ids.js';
import { parseInteger } from './number.js';
import { ValueError } from './value-error.js';

const MAX_LEVEL = 1000;

/**
 * `none`, or the name of a codec and after a colon its level; level 0 stands for that of the codec, which checks the
 * others. Throws ValueError.
 */
export function parseCompression(text: string): Compression | 'none' {
  if (text === 'none') return 'none';
  const [name = '', level] = text.split(/:(.*)/s);
  const codec = COMPRESSION_IDS.find((id) => id === name);
  if (codec === undefined) throw new ValueError(`expected none or ${COMPRESSION_IDS.join(', ')}, or that with :LEVEL`);
  return { codec, level: level === undefined ? 0 : parseInteger(level, 0, MAX_LEVEL) };
}
