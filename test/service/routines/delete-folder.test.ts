import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deleteFolder } from '../../../src/service/routines/delete-folder.js';
import { InterruptedStorages, KilledError } from '../../support/interrupted-storage.js';
import { scratch } from '../../support/target.js';

const folder = scratch();
afterAll(() => folder.remove());

/** A run of two namespaces, both complete. */
function createRun(name: string): string {
  const run = join(folder.path, name);
  for (const namespace of ['a', 'b']) {
    const data = join(run, 'data', namespace);
    mkdirSync(data, { recursive: true });
    for (const file of [`${namespace}_00000.asb`, 'manifest.json', 'metadata.yaml'])
      writeFileSync(join(data, file), '');
  }
  mkdirSync(join(run, 'configuration'));
  writeFileSync(join(run, 'configuration/aerospike_0.conf'), '');
  return run;
}

describe('the deletion of a run', () => {
  it('leaves nothing, and does nothing where there is nothing', async () => {
    const run = createRun('whole');
    const storage = await new InterruptedStorages(() => undefined).forPath(run);
    await deleteFolder(run, storage);
    expect(existsSync(run)).toBe(false);
    await deleteFolder(run, storage);
  });

  it('wherever it is interrupted, nothing is listed or taken for a checkpoint of which data are gone', async () => {
    let isWhole = false;
    for (let last = 0; !isWhole; last++) {
      const run = createRun(`run${last}`);
      const storage = await InterruptedStorages.killedBefore(last).forPath(run);
      isWhole = await deleteFolder(run, storage).then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(KilledError);
          return false;
        },
      );
      const files = existsSync(run) ? readdirSync(run, { recursive: true }).map(String) : [];
      const isDataGone = files.filter((name) => name.endsWith('.asb')).length < 2;
      const markers = files.filter((name) => /(?:metadata\.yaml|manifest\.json)$/.test(name));
      if (isDataGone) expect(markers).toEqual([]);
    }
    // Otherwise nothing was interrupted at all.
    expect(existsSync(join(folder.path, 'run5'))).toBe(true);
  });
});
