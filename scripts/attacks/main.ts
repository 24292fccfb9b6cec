/**
 * Runs every attack, or those whose names match, and prints what got through. Exits with code 1 if one did.
 * Usage: scripts/attack [--seed N] [--rounds N] [--match TEXT]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createContext } from './attack.js';
import { ATTACKS } from './attacks.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    rounds: { type: 'string', default: '1' },
    match: { type: 'string', default: '' },
  },
});
const MAX_SHOWN_PROBLEM = 400;
const seed = Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), 'asbackup-attack-'));
let failed = 0;
let count = 0;
console.log(`--seed ${seed}`);
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { group, attack } of ATTACKS) {
      if (!attack.name.includes(values.match)) continue;
      const place = join(folder, String(count));
      const problems = await attack.run(createContext(seed + count, place)).catch((error: unknown) => [String(error)]);
      count++;
      rmSync(place, { recursive: true, force: true });
      if (problems.length > 0) failed++;
      const known = attack.open === true ? ' (known)' : '';
      console.log(`${problems.length === 0 ? 'held  ' : 'FAILED'}${known} ${group}: ${attack.name}`);
      for (const problem of problems) console.log(`         ${problem.slice(0, MAX_SHOWN_PROBLEM)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${count - failed} of ${count} attacks held off`);
process.exitCode = failed === 0 && count > 0 ? 0 : 1;
