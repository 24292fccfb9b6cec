import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RecordStore } from '../../../../src/service/v2/backups/record-store.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';
import { scratch } from '../../../support/target.js';

const folder = scratch();
const TWO_HOURS_MS = 7_200_000;
const LEFT = ['a.json.0123456789ab.tmp', 'b.deleted.ba9876543210.tmp'];
const KEPT = ['a.json', 'b.deleted', 'a.json.tmp', 'A.json.0123456789ab.tmp', 'a.json.0123456789ab.tmp.x', 'note.tmp'];

describe('what processes that were killed have left of records', () => {
  afterAll(() => folder.remove());

  it('is deleted if it is old; what others have there stays, and so does what may be being written', async () => {
    const root = join(folder.path, 'root');
    const storages = new StorageRegistry();
    const backend = await storages.forPath(folder.path);
    const definition = { 'local-storage': { path: root } };
    const store = new RecordStore({ name: 'disk', definition, root, storages, backend });
    await store.deleteLeftovers();
    const records = join(root, '.asb-service', 'backups');
    mkdirSync(records, { recursive: true });
    const young = 'c.json.0123456789ab.tmp';
    for (const name of [...LEFT, ...KEPT, young]) {
      writeFileSync(join(records, name), '{}');
      const at = new Date(Date.now() - (name === young ? 0 : TWO_HOURS_MS));
      utimesSync(join(records, name), at, at);
    }
    await store.deleteLeftovers();
    expect(readdirSync(records).sort()).toEqual([...KEPT, young].sort());
  });
});
