import { expect, test } from 'vitest';
import { findIdleSettings } from '../../../src/service/document/idle-settings.js';

test('settings of ABS that have no effect are named with their place and the reason', () => {
  const s3 = { bucket: 'b', 's3-region': 'r' };
  const found = findIdleSettings({
    storage: {
      plain: { 's3-storage': { ...s3, 'storage-class': { data: 'GLACIER_IR' } } },
      cold: { 's3-storage': { ...s3, 'storage-class': { metadata: 'STANDARD_IA' } } },
    },
    'backup-policies': {
      same: { parallel: 4, 'parallel-write': 4, 'use-scan-compression': false },
      usual: { 'parallel-write': 8 },
      other: { 'parallel-write': 3, 'use-scan-compression': true },
    },
  });
  expect(found.map(({ text }) => text)).toEqual([
    'storage.cold.s3-storage.storage-class.metadata has no effect: metadata is in the default class of the bucket',
    'backup-policies.other.use-scan-compression has no effect: nodes send what they read as it is',
    'backup-policies.other.parallel-write has no effect: each of the 8 scans of parallel writes a file of its own',
  ]);
  expect(findIdleSettings({})).toEqual([]);
});
