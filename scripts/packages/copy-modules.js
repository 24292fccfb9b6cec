/**
 * Copies the packages that a user needs from node_modules to the given folder, in the versions of package-lock.json, and
 * the native addon for zstd if it is built: without types, source maps and tests.
 * Usage: node scripts/packages/copy-modules.js FOLDER
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [target] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const UNNEEDED = /\.(?:d\.[cm]?ts|[cm]?ts|map|flow|markdown)$|[\\/](?:dist-types|test|tests|__tests__|\.github)$/;

for (const [path, { dev, peer, link }] of Object.entries(packages)) {
  if (path === '' || dev === true || peer === true || link === true || !existsSync(path)) continue;
  cpSync(path, join(target, path.replace(/^node_modules\//, '')), {
    recursive: true,
    // Nested packages have entries of their own.
    filter: (source) => !source.slice(path.length).includes('node_modules') && !UNNEEDED.test(source),
  });
}

const addon = 'node_modules/zstd-napi';
if (existsSync(join(addon, 'build/Release/binding.node'))) {
  for (const part of ['package.json', 'LICENSE', 'NOTICE', 'binding.js', 'dist', 'build/Release/binding.node']) {
    cpSync(join(addon, part), join(target, 'zstd-napi', part), {
      recursive: true,
      filter: (source) => !UNNEEDED.test(source),
    });
  }
}
