/** The folder of the package: two above this file, and above the bundle of the programs. */
export const PACKAGE_ROOT = new URL('../../', import.meta.url);
