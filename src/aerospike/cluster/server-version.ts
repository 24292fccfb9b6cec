/** Server versions such as `8.1.0.3`. Suffixes (`7.2.0-rc1`) count for nothing. */

/** Negative, zero, positive as `a` is older than, as old as or newer than `b`; missing numbers are 0. */
export function compareVersions(a: string, b: string): number {
  const left = versionNumbers(a);
  const right = versionNumbers(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The oldest of the versions, as numbers only; '' of none. */
export function lowestVersion(versions: readonly string[]): string {
  const [first, ...others] = versions;
  if (first === undefined) return '';
  const lowest = others.reduce((low, version) => (compareVersions(version, low) < 0 ? version : low), first);
  return versionNumbers(lowest).join('.');
}

function versionNumbers(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
