import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readProgramVersion } from '../core/version.js';
import type { VersionInfo } from './document/schema/version-info.js';

/** In dist/: this module lies one directory below it, bundled or not. */
const COMMIT_FILE = new URL('../commit', import.meta.url);

/** What `/version` tells. */
export function readVersion(commitFile: URL = COMMIT_FILE): VersionInfo {
  const built = statSync(fileURLToPath(import.meta.url)).mtime;
  return { version: readProgramVersion(), commit: readCommit(commitFile), 'build-time': built.toISOString() };
}

/** `unknown` if the build had neither a repository nor BUILD_COMMIT. */
function readCommit(file: URL): string {
  try {
    const commit = readFileSync(file, 'utf8').trim();
    return /^[\w.-]{1,64}$/.test(commit) ? commit : 'unknown';
  } catch {
    return 'unknown';
  }
}
