import { describe, expect, it } from 'vitest';
import { type ResumeState, unfinishedFiles } from '../../../../src/engine/backup/checkpoint/resume.js';
import { key } from '../../../support/codecs.js';

const STATE: ResumeState = {
  files: [
    { name: 'test_00000.asb', bytes: 1000 },
    { name: 'test_00001.asb', bytes: 5000 },
    { name: 'test_00002.asb', bytes: 10, closed: true },
  ],
  numbers: [0, 1, 2],
};

describe('files that a continued backup adds to', () => {
  it('are those that are neither closed nor full', () => {
    expect(unfinishedFiles(STATE, { fileLimitBytes: 5000 })).toEqual([STATE.files[0]]);
  });

  it('are none when they are encrypted, so that no two texts are encrypted with the same counters', () => {
    const encryption = { mode: 'aes256', key } as const;
    expect(unfinishedFiles(STATE, { fileLimitBytes: 5000, encryption })).toEqual([]);
  });
});
