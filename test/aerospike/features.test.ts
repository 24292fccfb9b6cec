import { describe, expect, it } from 'vitest';
import { compareVersions, lowestVersion } from '../../src/aerospike/cluster/server-version.js';
import { supportsFeature } from '../../src/aerospike/features.js';

describe('server version', () => {
  it.each([
    ['8.1.0.3', '8.1', 1],
    ['8.0.9.9', '8.1', -1],
    ['10.0', '8.1', 1],
    ['4.8.0.30', '4.9', -1],
    ['7.2.0-rc1', '7.2.0', 0],
    ['7.2', '7.2.0.0', 0],
  ] as const)('%s compared with %s has the sign %i', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  it('of a cluster is the lowest of its nodes, without suffixes', () => {
    expect(lowestVersion(['8.1.0.3', '7.2.0-rc1', '10.0.0.0'])).toBe('7.2.0');
    expect(lowestVersion([])).toBe('');
  });
});

describe('feature', () => {
  it.each([
    ['4.8.9.9', [false, false, false, false, false]],
    ['4.9.0.3', [true, false, false, false, false]],
    ['5.2.0.0', [true, true, false, false, false]],
    ['6.0.0.0', [true, true, true, false, false]],
    ['8.1.0.3', [true, true, true, true, false]],
    ['8.1.2.0', [true, true, true, true, true]],
  ] as const)('table of server %s', (version, expected) => {
    const features = ['partitionScan', 'filterExpression', 'batchWrite', 'sindexNamespaceKey', 'setIndex'] as const;
    expect(features.map((feature) => supportsFeature(version, feature))).toEqual(expected);
  });
});
