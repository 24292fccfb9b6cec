/** Each attack once; `scripts/attack --rounds N` repeats them with other seeds. ATTACK_SEED=… repeats a failure. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createContext } from '../../scripts/attacks/attack.js';
import { ATTACKS } from '../../scripts/attacks/attacks.js';
import { REAL_HOST, scratch } from '../support/target.js';

const SEED = Number(process.env.ATTACK_SEED ?? 77);

const work = scratch();
afterAll(() => work.remove());

describe.skipIf(REAL_HOST !== undefined).concurrent('attacks', { timeout: 1_200_000 }, () => {
  for (const [i, { attack }] of ATTACKS.entries()) {
    const test = attack.open === true ? it.fails : it;
    test(attack.name, async () => {
      const problems = await attack.run(createContext(SEED + i, join(work.path, String(i))));
      expect(problems, `ATTACK_SEED=${SEED}`).toEqual([]);
    });
  }
});
