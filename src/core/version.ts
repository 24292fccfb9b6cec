import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from './package-root.js';

/** Version of the program, from its package.json. */
export function readProgramVersion(): string {
  return (JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as { version: string }).version;
}
