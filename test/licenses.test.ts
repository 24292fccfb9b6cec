/** What is installed with this package must be allowed to be used under its license, Apache-2.0. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Locked {
  license?: string;
  dev?: boolean;
  resolved?: string;
}

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> };
const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);

/** Permissive ones that ask for no more than their notice. Where a package offers several, one of these will do. */
const COMPATIBLE = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Unlicense'];

describe('licenses', () => {
  it('of what a user installs are compatible', () => {
    expect(installed.length).toBeGreaterThan(5);
    const unfit = installed
      .filter(
        ([, { license = '' }]) =>
          !license
            .replace(/[()]/g, '')
            .split(' OR ')
            .some((one) => COMPATIBLE.includes(one)),
      )
      .map(([path, { license }]) => `${path}: ${license ?? 'none'}`);
    expect(unfit).toEqual([]);
  });

  it('come with a lock file that names no registry: everybody installs from the one that they trust', () => {
    expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});
