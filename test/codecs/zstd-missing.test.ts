/** Who has no compression library is told the command that gets it, for the case at hand. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { missingText } from '../../src/codecs/zstd-library.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

it('names the command for a library that was not built, and where to run it', () => {
  const text = missingText(new Error("Cannot find module './build/Release/binding.node'\nRequire stack: many lines"));
  expect(text).toContain("(Cannot find module './build/Release/binding.node'); build it with \"npm rebuild zstd-napi ");
  expect(text).toContain(` in ${ROOT}, `);
  expect(text).not.toContain('\n');
});

it('names another one for a library that is not there at all', () => {
  const error = Object.assign(new Error("Cannot find package 'zstd-napi'"), { code: 'ERR_MODULE_NOT_FOUND' });
  expect(missingText(error)).toContain('(zstd-napi is not installed); build it with "npm install ');
});
