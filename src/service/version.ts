import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readProgramVersion } from '../core/version.js';
import type { VersionInfo } from './document/schema/version-info.js';

/** What `/version` tells. The package does not know the commit that it was built from. */
export function readVersion(): VersionInfo {
  const built = statSync(fileURLToPath(import.meta.url)).mtime;
  return { version: readProgramVersion(), commit: 'unknown', 'build-time': built.toISOString() };
}
