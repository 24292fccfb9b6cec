import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from '../../../support/property.js';
import { afterAll, describe, expect, it } from 'vitest';
import { PartitionProgress } from '../../../../src/engine/backup/checkpoint/partition-progress.js';
import {
  checkCluster,
  checkIdentity,
  loadState,
  parseState,
  removeState,
  saveState,
  StateError,
  type BackupState,
} from '../../../../src/engine/backup/checkpoint/state-file.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';

const storages = new StorageRegistry();
const folder = mkdtempSync(join(tmpdir(), 'asbackup-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

const state: BackupState = {
  runId: 'run',
  target: '/backups',
  cluster: { name: 'west', nodes: ['BB9', 'BC0'] },
  identity: { namespace: 'test', sets: 'a,b', compact: false },
  cursors: PartitionProgress.fromJSON({
    done: '0-99,4095',
    after: { 100: Buffer.concat([Buffer.of(100, 0), Buffer.alloc(18, 7)]).toString('base64') },
  }),
  files: [{ name: '/backups/test_00000.asb', bytes: 1234, records: 10, tail: 'ab' }],
  filters: [
    { kind: 'range', begin: 0, count: 4096 },
    { kind: 'digest', digest: Buffer.alloc(20, 9) },
  ],
  counters: { records: 10, bytes: 1234, sindexes: 2, udfs: 1 },
};

describe('state files', () => {
  const path = join(folder, 'test.asb.state');

  it('give back what was saved, are readable by their owner only, and leave nothing beside them', async () => {
    await saveState(path, state, storages);
    const loaded = await loadState(path, storages);
    expect({ ...loaded, cursors: loaded.cursors.toJSON() }).toEqual({ ...state, cursors: state.cursors.toJSON() });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['test.asb.state']);
    await removeState(path, storages);
    await removeState(path, storages);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that do not exist are named', async () => {
    await expect(loadState(join(folder, 'none'), storages)).rejects.toThrow(/none: no such file/);
  });

  it('of the C tool are recognized as foreign', () => {
    expect(() => parseState(Buffer.alloc(90_000), 's')).toThrow(/C tool/);
    expect(() => parseState(Buffer.from('{}'), 's')).toThrow(
      expect.objectContaining({ code: 'STATE_FOREIGN' }) as Error,
    );
  });

  it('cut short at any byte, or changed, are refused with a reason and never crash', async () => {
    await saveState(path, state, storages);
    const bytes = readFileSync(path);
    for (let end = 0; end < bytes.length - 2; end++) {
      expect(() => parseState(bytes.subarray(0, end), 's')).toThrow(StateError);
    }
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        try {
          parseState(changed, 's');
        } catch (error) {
          expect(error).toBeInstanceOf(StateError);
        }
      }),
    );
  });

  it('a directory that cannot be written is named', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(saveState(join(folder, 'file', 'x.state'), state, storages)).rejects.toThrow(
      /save the state file .*x\.state/,
    );
  });
});

describe('continuing with other options', () => {
  it('names every difference', () => {
    const now = { namespace: 'test', sets: 'a', compact: true };
    expect(() => checkIdentity('s', state.identity, now)).toThrow(/sets was a,b, now a; compact was false, now true/);
    expect(() => checkIdentity('s', state.identity, { ...state.identity })).not.toThrow();
  });
});

describe('a state file that was edited', () => {
  it('is refused by its checksum, whatever was changed, instead of losing the records it no longer asks for', async () => {
    const path = join(folder, 'edited.state');
    await saveState(path, state, storages);
    const text = readFileSync(path, 'utf8');
    for (const edited of [
      text.replace('"0-99,4095"', '"0-199,4095"'),
      text.replace('"bytes": 1234', '"bytes": 1184'),
      text.replace('"0-4096"', '"0-2048"'),
      text.replace(/"files": \[[^\]]*\]/, '"files": []'),
    ]) {
      expect(edited).not.toBe(text);
      expect(() => parseState(Buffer.from(edited), 's')).toThrow(/its checksum does not match/);
    }
  });
});

describe('continuing against another cluster', () => {
  const saved = { name: 'west', nodes: ['BB9', 'BC0'] };

  it('is refused by its name or when no node is the same, instead of mixing the records of both', () => {
    expect(() => checkCluster('s', saved, { name: 'east', nodes: ['BB9'] })).toThrow(/the cluster west of BB9, BC0/);
    expect(() => checkCluster('s', saved, { name: 'west', nodes: ['BD1'] })).toThrow(/another cluster/);
  });

  it('is no matter while nodes come and go', () => {
    checkCluster('s', saved, { name: 'west', nodes: ['BC0', 'BD1'] });
    checkCluster('s', { name: '', nodes: ['BB9'] }, { name: 'west', nodes: ['BB9'] });
  });
});
