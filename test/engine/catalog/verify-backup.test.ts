import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProcessLimits } from '../../../src/core/run-context.js';
import type { EncryptionKey } from '../../../src/codecs/key.js';
import { createBackupDocument } from '../../../src/engine/catalog/backup-document.js';
import { readBackup } from '../../../src/engine/catalog/find-backups.js';
import { verifyBackup, type VerifyResult } from '../../../src/engine/catalog/verify-backup.js';
import { NEVER, storages, temporaryDirectory } from '../../support/backup-files.js';
import { STARTED, writeCatalogBackup, writeNamespace } from '../../support/catalog.js';
import { key } from '../../support/codecs.js';

const base = temporaryDirectory();
const newRoot = (): string => mkdtempSync(join(base, 'root'));

async function verify(path: string, given?: EncryptionKey): Promise<VerifyResult> {
  const context = { runId: 'test', signal: NEVER, emit: () => undefined, limits: createProcessLimits() };
  const options = { storages, codecs: {}, checksumsOnly: true, parallel: 1, ...(given ? { key: given } : {}) };
  return verifyBackup(await readBackup(path, storages), options, context);
}

async function problems(path: string, given?: EncryptionKey): Promise<string> {
  return (await verify(path, given)).problems.map(({ path: place, text }) => `${place}: ${text}`).join('\n');
}

describe('verifyBackup, of several namespaces', () => {
  it.each([
    ['plain', undefined],
    ['encrypted', key],
  ])('%s and as they were written, has no problem', async (_, given) => {
    const path = await writeCatalogBackup(newRoot(), {}, given === undefined ? {} : { key: given });
    expect(await verify(path, given)).toMatchObject({ problems: [], files: 2 });
  });

  it('with a changed byte in one of them, names the file and the block', async () => {
    const path = await writeCatalogBackup(newRoot());
    const file = join(path, 'test', 'test_00000.asb');
    const bytes = readFileSync(file);
    bytes[40] = bytes[40]! ^ 1;
    writeFileSync(file, bytes);
    expect(await problems(path)).toMatch(/test_00000\.asb: Block 0, .* does not have the checksum/);
  });

  it('with a namespace that is missing, names it', async () => {
    const path = await writeCatalogBackup(newRoot());
    rmSync(join(path, 'test'), { recursive: true });
    expect(await problems(path)).toContain('The backup is INCOMPLETE: The namespace test was not begun');
  });

  it('with a namespace of another backup, names both', async () => {
    const root = newRoot();
    const path = await writeCatalogBackup(root);
    const other = await writeCatalogBackup(root, { id: 'b2' });
    rmSync(join(path, 'test'), { recursive: true });
    cpSync(join(other, 'test'), join(path, 'test'), { recursive: true });
    expect(await problems(path)).toContain('belongs to the backup b2, not to b1');
  });

  it('with a namespace or files that it does not know, names them', async () => {
    const path = await writeCatalogBackup(newRoot());
    await writeNamespace(join(path, 'third'), 'third');
    writeFileSync(join(path, 'x_00000.asb'), '');
    const found = await problems(path);
    expect(found).toContain(`${join(path, 'third')}: The directory belongs to no namespace of the backup`);
    expect(found).toContain(`${join(path, 'x_00000.asb')}: The file belongs to no namespace of the backup`);
  });

  it('with a document that somebody without the key has written, says so to whoever has the key', async () => {
    const path = await writeCatalogBackup(newRoot(), {}, { key });
    rmSync(join(path, 'backup.json'));
    const document = { id: 'b1', type: 'full', started: STARTED, namespaces: ['bar'], selection: {} } as const;
    await createBackupDocument(path, document, storages);
    rmSync(join(path, 'test'), { recursive: true });
    expect(await problems(path)).toBe('');
    expect(await problems(path, key)).toContain('changed by somebody without the encryption key');
  });
});
