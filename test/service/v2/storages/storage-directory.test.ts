import { describe, expect, it } from 'vitest';
import { StorageDirectory } from '../../../../src/service/v2/storages/storage-directory.js';
import { V2Error } from '../../../../src/service/v2/errors.js';

const log = { info: () => undefined, error: () => undefined, verbose: () => undefined };
const directory = new StorageDirectory({
  config: { document: { storage: { disk: { 'local-storage': { path: '/a' } } } } },
  environment: {
    disk: { 'local-storage': { path: '/other' } },
    s3: { 's3-storage': { bucket: 'b', 's3-region': 'r' } },
  },
  log,
});

function status(place: 'path' | 'body'): [string, number] | undefined {
  try {
    directory.get('absent', place);
    return undefined;
  } catch (error) {
    return error instanceof V2Error ? [error.machineCode, error.status] : undefined;
  }
}

describe('storages', () => {
  it('of the configuration, come before those of the environment', () => {
    const found = directory.summarize(1).map(({ name, kind, root, source }) => [name, kind, root, source]);
    expect(found).toEqual([
      ['disk', 'local', '/a', 'configuration'],
      ['s3', 's3', 's3://b', 'environment'],
    ]);
  });

  it('that are directories, warn of more replicas than one', () => {
    expect(directory.summarize(3)[0]!.warnings.join()).toContain('3 replicas');
    expect(directory.summarize(3)[1]!.warnings).toEqual([]);
  });

  it('that are unknown, are 404 in a path and 400 in a body', () => {
    expect(status('path')).toEqual(['no-storage', 404]);
    expect(status('body')).toEqual(['no-storage', 400]);
  });
});
