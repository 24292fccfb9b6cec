/** All attacks. */
import type { Attack } from './attack.js';
import { BOMBS } from './bombs.js';
import { COUNTS } from './counts.js';
import { FOREIGN_STATES } from './foreign-states.js';
import { HOSTILE_FILE_SYSTEM } from './hostile-file-system.js';
import { HOSTILE_FILES } from './hostile-files.js';
import { HOSTILE_SERVER } from './hostile-server.js';
import { KEY_STREAM } from './key-stream.js';
import { OUTAGES } from './outages.js';
import { SECRETS } from './secrets.js';
import { SHAPED_SECRETS } from './shaped-secrets.js';
import { TWO_RUNS } from './two-runs.js';

const GROUPS: Readonly<Record<string, readonly Attack[]>> = {
  'hostile file': [...HOSTILE_FILES, ...BOMBS],
  'hostile server': HOSTILE_SERVER,
  'hostile file system': HOSTILE_FILE_SYSTEM,
  'two runs': TWO_RUNS,
  secrets: [...SECRETS, ...SHAPED_SECRETS],
  encryption: KEY_STREAM,
  'foreign state': FOREIGN_STATES,
  outage: OUTAGES,
  counters: COUNTS,
};

export const ATTACKS: readonly { group: string; attack: Attack }[] = Object.entries(GROUPS).flatMap(
  ([group, attacks]) => attacks.map((attack) => ({ group, attack })),
);
