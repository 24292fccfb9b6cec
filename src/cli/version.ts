import { readFileSync } from 'node:fs';

/** What `--version` prints. A third dash-separated part of the version, if there is one, names the build. */
export function versionText(title: string): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const parts = version.split('-');
  const build = parts.length >= 3 ? `Build ${parts.at(-1)!}\n` : '';
  return `${title}\nVersion ${version}\n${build}`;
}
