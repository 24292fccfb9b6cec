/** A user without a compression library gets the command that installs it, for the case at hand. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CodecError } from '../../src/codecs/errors.js';
import { missingError } from '../../src/codecs/zstd-load.js';
import { nativeMissingError } from '../../src/codecs/zstd-native.js';
import { loadNodeZstd } from '../../src/codecs/zstd-node.js';
import { errorText } from '../../src/ui/error-text.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const NODE_ERROR = new CodecError('ZSTD_MISSING', 'Node.js 20.20.2 has none of its own');

it('error about a native module that was not built names the rebuild command and the directory', () => {
  const cause = new Error("Cannot find module './build/Release/binding.node'\nRequire stack: many lines");
  const error = missingError(nativeMissingError(cause), NODE_ERROR);
  expect(error.message).toBe(
    `There is no zstd compression here: zstd-napi in ${ROOT} cannot be loaded ` +
      `(Cannot find module './build/Release/binding.node'), and Node.js 20.20.2 has none of its own`,
  );
  expect(error).toMatchObject({ code: 'ZSTD_MISSING', hint: 'build-zstd', details: { directory: ROOT } });
  expect(errorText(error, 'cli')).toContain('npm rebuild zstd-napi ');
});

it('error about a native module that was not installed names the install command', () => {
  const cause = Object.assign(new Error("Cannot find package 'zstd-napi'"), { code: 'ERR_MODULE_NOT_FOUND' });
  const error = missingError(nativeMissingError(cause), NODE_ERROR);
  expect(error.message).toContain(`zstd-napi is not installed in ${ROOT}, and Node.js 20.20.2 has none`);
  expect(errorText(error, 'cli')).toMatch(/npm install .*zstd-napi/);
});

it('Node.js from 22.15 or 23.8 compresses without the native module, an older one names its version', async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15)) {
    await expect(loadNodeZstd()).resolves.toMatchObject({ id: 'node' });
  } else {
    await expect(loadNodeZstd()).rejects.toThrow(`Node.js ${process.versions.node} has none of its own`);
  }
});
