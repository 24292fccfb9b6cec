import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { deleteBackup } from '../../../src/engine/catalog/delete-backup.js';
import { createProcessLimits } from '../../../src/core/run-context.js';
import { refuseBase } from '../../../src/engine/catalog/refuse-base.js';
import { NEVER, storages, temporaryDirectory } from '../../support/backup-files.js';
import { writeCatalogBackup, writeNamespace } from '../../support/catalog.js';

const work = temporaryDirectory();
let root: string;
let count = 0;

beforeEach(() => {
  root = join(work, String(count++));
  mkdirSync(root);
});

const at = (path: string) => refuseBase({ kind: 'directory', path: join(root, path) }, storages);

describe('refuseBase', () => {
  it('of a namespace of a base, and of a base without a document, throws and names the increment', async () => {
    await writeCatalogBackup(root, { id: 'full' });
    await writeCatalogBackup(root, { id: 'monday', type: 'incremental', parent: 'full' });
    const refused = { code: 'CATALOG_BASE', details: { children: ['monday'] } };
    await expect(at('full/test')).rejects.toMatchObject(refused);
    await writeNamespace(join(root, 'single'), 'test', { id: 'single' });
    await writeNamespace(join(root, 'next'), 'test', { id: 'next', type: 'incremental', parent: 'single' });
    await expect(at('single')).rejects.toMatchObject({ ...refused, details: { children: ['next'] } });
  });

  it('of a backup that nothing builds on, or only what is deleted, resolves', async () => {
    await writeNamespace(join(root, 'single'), 'test', { id: 'single' });
    await writeNamespace(join(root, 'next'), 'test', { id: 'next', type: 'incremental', parent: 'single' });
    await at('next');
    const context = { runId: 'r', signal: NEVER, limits: createProcessLimits(), emit: () => undefined };
    await deleteBackup({ path: join(root, 'next'), cascade: false, storages }, context);
    await at('single');
  });

  it('of a directory without a manifest, or of none, resolves', async () => {
    mkdirSync(join(root, 'plain'));
    await at('plain');
    await at('none');
  });
});
