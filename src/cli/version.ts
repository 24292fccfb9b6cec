import { readProgramVersion } from '../core/version.js';

/** What `--version` prints. A third dash-separated part of the version, if there is one, names the build. */
export function versionText(title: string): string {
  const version = readProgramVersion();
  const parts = version.split('-');
  const build = parts.length >= 3 ? `Build ${parts.at(-1)!}\n` : '';
  return `${title}\nVersion ${version}\n${build}`;
}
