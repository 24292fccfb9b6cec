/** Faults of the C tool (asbackup.md 12) that need no server; each test is named after what would be lost. */
import { describe, expect, it } from 'vitest';
import { encodeSindex } from '../../../src/asb/encoder.js';
import type { Cluster } from '../../../src/aerospike/cluster/cluster.js';
import { supportsFeature } from '../../../src/aerospike/features.js';
import { checkVersion } from '../../../src/engine/backup/connect.js';
import type { BackupConfig } from '../../../src/engine/backup/config.js';
import { parseCommandLine } from '../../support/command-line.js';
import { backupSchema } from '../../../src/config/backup-constraints.js';

const refusal = (...argv: string[]): string => {
  try {
    parseCommandLine(backupSchema, argv);
    return '';
  } catch (error) {
    return String(error);
  }
};

describe('5: as many workers as one likes', () => {
  it('are refused before they are started', () => {
    expect(refusal('-n', 'n', '-d', 'd', '-w', '101')).toContain('expected a whole number from 1 to 100');
  });
});

describe('22: a date', () => {
  it.each(['2020-13-45', '2020-02-30', '1969-12-31', '2300-01-01', '2020-1-1xx', '25:00:00'])(
    'that does not exist (%s) is refused instead of backing up something else',
    (text) => {
      expect(refusal('-n', 'n', '-d', 'd', '-a', text)).toMatch(/Invalid value/);
    },
  );
});

describe('36: an index on a deep path', () => {
  it('keeps its context, however long it is', () => {
    const context = 'k'.repeat(5000);
    const line = encodeSindex({
      namespace: 'n',
      set: 's',
      name: 'i',
      bin: 'b',
      indexType: 'N',
      dataType: 'S',
      context,
      expression: '',
    });
    expect(line.toString()).toBe(`* i n s i N 1 b S ${context}\n`);
  });
});

describe('37: a name or number that is too long', () => {
  it('is refused, not cut', () => {
    expect(refusal('-n', 'n'.repeat(32), '-d', 'd')).toContain('at most 31 are allowed');
    expect(refusal('-n', 'n', '-d', 'd', '-F', '9'.repeat(23))).toContain('expected a whole number');
  });
});

describe('the server version', () => {
  const options = (more: Partial<BackupConfig>): BackupConfig => ({ sets: [], ...more }) as unknown as BackupConfig;

  it('matters only for filters that the tool builds itself', () => {
    const server = (serverVersion: string): Pick<Cluster, 'serverVersion' | 'supports'> => ({
      serverVersion,
      supports: (feature) => supportsFeature(serverVersion, feature),
    });
    const old = server('5.1.0.1');
    expect(() => checkVersion(old, options({ sets: ['a'], filterExp: Buffer.of(1), maxRecords: 5 }))).not.toThrow();
    expect(() => checkVersion(old, options({ sets: ['a', 'b'], noTtlOnly: true }))).toThrow(
      'A server before 5.2 does not support several sets at once, a choice of records without a TTL; this cluster runs 5.1.0.1',
    );
    expect(() => checkVersion(server('5.2.0.0'), options({ modifiedAfterNs: 1n }))).not.toThrow();
  });
});
