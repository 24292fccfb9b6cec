/** Writes a backup file of N small records (3 bins, about 170 bytes of text each), the same for the same N. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

/**
 * @param {string} path
 * @param {number} count
 */
export async function writeSmallRecords(path, count) {
  const out = createWriteStream(path);
  out.write('Version 3.1\n# namespace test\n# first-file\n');
  const key = Buffer.alloc(9);
  key[0] = 1;
  let text = '';
  for (let i = 0; i < count; i++) {
    key.writeBigInt64BE(BigInt(i), 1);
    const digest = createHash('ripemd160').update('bench').update(key).digest('base64');
    text +=
      `+ k I ${i}\n+ n test\n+ d ${digest}\n+ s bench\n+ g 1\n+ t 0\n+ b 3\n` +
      `- I number ${i * 7919}\n- S text 24 ${`value of record ${i}`.padEnd(24)}\n- D half ${i / 2}\n`;
    if (text.length > 1_000_000) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await once(out, 'close');
}
