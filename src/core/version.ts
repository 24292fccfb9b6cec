import { readFileSync } from 'node:fs';

/** Version of the program, from its package.json, which lies two folders above this file and above the bundle. */
export function readProgramVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
