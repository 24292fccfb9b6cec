import { describe, expect, it } from 'vitest';
import { createUploadId, formatBlockId, parseBlockId } from '../../../src/storage/azure/block-id.js';

describe('ids of blocks', () => {
  it('name the upload and the part alone, so that a part sent again replaces its block, and have one length', () => {
    const names = [1, 10_000].map((number) => ({ uploadId: createUploadId(), number }));
    const ids = names.map(formatBlockId);
    expect(ids.map(parseBlockId)).toEqual(names);
    expect(ids[0]).toHaveLength(ids[1]!.length);
    // The service accepts 64 bytes before base64.
    expect(Buffer.from(ids[0]!, 'base64').length).toBeLessThanOrEqual(64);
  });

  it('the id of a block of another program is none', () => {
    expect(parseBlockId(Buffer.from('000001').toString('base64'))).toBeUndefined();
  });
});
