import { describe, expect, it } from 'vitest';
import { createBackupId, isBackupId, isBlockList, isManifestInfo } from '../../../src/engine/catalog/manifest.js';

const INFO = {
  id: 'nightly-1',
  type: 'full',
  state: 'COMPLETED',
  version: '5.0.0',
  serverVersion: '8.1.0.3',
  started: '2026-01-02T03:04:05.678Z',
  finished: '2026-01-02T03:05:05.678Z',
};
const SHA = 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';

describe('manifest', () => {
  it('accepts a complete part of a manifest and none that lacks or misspells something', () => {
    expect(isManifestInfo(INFO)).toBe(true);
    for (const key of ['id', 'type', 'state', 'version', 'serverVersion', 'started']) {
      expect(isManifestInfo({ ...INFO, [key]: undefined }), key).toBe(false);
    }
    for (const wrong of [{ id: '../x' }, { type: 'half' }, { state: 'DONE' }, { started: 'never' }, { parent: 1 }]) {
      expect(isManifestInfo({ ...INFO, ...wrong }), JSON.stringify(wrong)).toBe(false);
    }
    expect(isManifestInfo(null)).toBe(false);
  });

  it('accepts only checksums that cover exactly the bytes of the file', () => {
    expect(
      isBlockList(
        [
          [3, SHA],
          [4, SHA],
        ],
        7,
      ),
    ).toBe(true);
    expect(isBlockList([], 0)).toBe(true);
    for (const wrong of [
      [[3, SHA]],
      [[7, 'short']],
      [[7.5, SHA]],
      [
        [0, SHA],
        [7, SHA],
      ],
      [7, SHA],
      'x',
      [
        [8, SHA],
        [-1, SHA],
      ],
    ]) {
      expect(isBlockList(wrong, 7), JSON.stringify(wrong)).toBe(false);
    }
  });

  it('makes ids that sort by time and can be names of files', () => {
    const ids = [0, 1, 10, 1_000_000_000_000].map((ms) => createBackupId(new Date(ms), 'abc123'));
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(isBackupId(id), id).toBe(true);
    expect(['', 'A', 'a/b', '.', 'a'.repeat(65)].some(isBackupId)).toBe(false);
  });
});
