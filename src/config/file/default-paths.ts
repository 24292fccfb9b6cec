import { join } from 'node:path';

/** Where files are looked for without being named (asbackup.md 3). */
export function defaultConfigPaths(env: NodeJS.ProcessEnv): string[] {
  const home = env.HOME ?? '';
  return ['/etc/aerospike/astools.conf', ...(home === '' ? [] : [join(home, '.aerospike', 'astools.conf')])];
}
