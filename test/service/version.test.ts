import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readVersion } from '../../src/service/version.js';
import { temporaryDirectory } from '../support/backup-files.js';

describe('version of the service', () => {
  it('names the commit that the build has written, and says so if there is none or nonsense', () => {
    const file = pathToFileURL(join(temporaryDirectory(), 'commit'));
    expect(readVersion(file).commit).toBe('unknown');
    for (const [text, commit] of [
      ['0dc9609\n', '0dc9609'],
      ['', 'unknown'],
      ['<html>\nno commit', 'unknown'],
    ] as const) {
      writeFileSync(file, text);
      expect(readVersion(file)).toEqual({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
        commit,
        'build-time': expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });
    }
  });
});
