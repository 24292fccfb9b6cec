import { describe, expect, it } from 'vitest';
import type { ServiceDocument } from '../../../../src/service/document/schema/service-document.js';
import { StorageDirectory } from '../../../../src/service/v2/storages/storage-directory.js';
import { V2Error } from '../../../../src/service/v2/errors.js';

const log = { info: () => undefined, error: () => undefined, verbose: () => undefined };
const directory = open({});

function open(service: ServiceDocument['service']): StorageDirectory {
  return new StorageDirectory({
    config: { document: { service, storage: { disk: { 'local-storage': { path: '/a' } } } } },
    environment: {
      disk: { 'local-storage': { path: '/other' } },
      s3: { 's3-storage': { bucket: 'b', 's3-region': 'r' } },
    },
    log,
  });
}

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
    const found = directory.summarize().map(({ name, kind, root, source }) => [name, kind, root, source]);
    expect(found).toEqual([
      ['disk', 'local', '/a', 'configuration'],
      ['s3', 's3', 's3://b', 'environment'],
    ]);
  });

  it('that are directories, warn if the service has replicas', () => {
    const [disk, s3] = open({ replicas: {} }).summarize();
    expect(disk!.warnings.join()).toContain('every replica');
    expect(directory.summarize()[0]!.warnings.join()).not.toContain('every replica');
    expect(s3!.warnings).toEqual([]);
  });

  it('that are unknown, are 404 in a path and 400 in a body', () => {
    expect(status('path')).toEqual(['no-storage', 404]);
    expect(status('body')).toEqual(['no-storage', 400]);
  });
});
