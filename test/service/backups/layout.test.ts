import { describe, expect, it } from 'vitest';
import {
  configurationPath,
  formatRunName,
  namespacePath,
  parseConfigurationName,
  parseNamespaceFolder,
  parseRunName,
  runPath,
} from '../../../src/service/backups/layout.js';

const STARTED_MS = Date.parse('2026-05-02T01:00:00Z');

describe('layout of a routine', () => {
  it('path of a run, local and in a bucket, is that of ABS', () => {
    expect(runPath('/srv/asb', 'nightly', 'full', STARTED_MS)).toBe('/srv/asb/nightly/backup/1777683600000');
    expect(runPath('s3://b/p', 'nightly', 'incremental', STARTED_MS)).toBe(
      's3://b/p/nightly/incremental/1777683600000',
    );
  });

  it.each([
    ['ISO', '1777683600000_2026-05-02T01-00-00'],
    ['EU', '1777683600000_02-May-2026-01-00-00'],
    ['US', '1777683600000_May-02-2026-01-00-00'],
  ] as const)('name of a run, readable format %s, has the time in UTC and is read back', (format, name) => {
    expect(formatRunName(STARTED_MS, format)).toBe(name);
    expect(parseRunName(name)).toBe(STARTED_MS);
  });

  it.each(['', '177768360000', '17776836000000', '1777683600000-x', 'data', '1777683600000.tmp'])(
    'name %j, not of a run, is none',
    (name) => {
      expect(parseRunName(name)).toBeUndefined();
    },
  );

  it('folder of a namespace, later attempts, has their number', () => {
    const run = runPath('/r', 'n', 'full', STARTED_MS);
    expect(namespacePath(run, 'test', 1)).toBe(`${run}/data/test`);
    expect(namespacePath(run, 'test', 3)).toBe(`${run}/data/test.3`);
    expect(parseNamespaceFolder('test.3')).toEqual({ namespace: 'test', attempt: 3 });
    expect(parseNamespaceFolder('test')).toEqual({ namespace: 'test', attempt: 1 });
    expect(parseNamespaceFolder('v.1')).toEqual({ namespace: 'v.1', attempt: 1 });
  });

  it('configuration of a node, its name, has the index', () => {
    expect(configurationPath('/r/n/backup/1777683600000', 2)).toBe(
      '/r/n/backup/1777683600000/configuration/aerospike_2.conf',
    );
    expect(parseConfigurationName('aerospike_12.conf')).toBe(12);
    expect(parseConfigurationName('aerospike_x.conf')).toBeUndefined();
  });
});
