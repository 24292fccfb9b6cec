/** All attacks. */
import type { Attack } from './attack.js';
import { HOSTILE_FILE_SYSTEM } from './hostile-file-system.js';
import { HOSTILE_FILES } from './hostile-files.js';
import { HOSTILE_SERVER } from './hostile-server.js';
import { TWO_RUNS } from './two-runs.js';

const GROUPS: Readonly<Record<string, readonly Attack[]>> = {
  'hostile file': HOSTILE_FILES,
  'hostile server': HOSTILE_SERVER,
  'hostile file system': HOSTILE_FILE_SYSTEM,
  'two runs': TWO_RUNS,
};

export const ATTACKS: readonly { group: string; attack: Attack }[] = Object.entries(GROUPS).flatMap(
  ([group, attacks]) => attacks.map((attack) => ({ group, attack })),
);
