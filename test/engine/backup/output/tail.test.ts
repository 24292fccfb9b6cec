import fc from '../../../support/property.js';
import { describe, expect, it } from 'vitest';
import { hashTail, Tail, TAIL_BYTES } from '../../../../src/engine/backup/output/tail.js';

describe('the tail of a file', () => {
  it('has the hash of its last KiB, however the bytes were cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3 * TAIL_BYTES }), { maxLength: 8 }), (chunks) => {
        const tail = new Tail();
        for (const chunk of chunks) tail.append(chunk);
        const all = Buffer.concat(chunks);
        expect(tail.digest()).toBe(hashTail(all.subarray(Math.max(0, all.length - TAIL_BYTES))));
      }),
    );
  });
});
