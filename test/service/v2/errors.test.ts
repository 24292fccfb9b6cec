import { describe, expect, it } from 'vitest';
import { ToolError } from '../../../src/core/errors.js';
import { ServiceError } from '../../../src/service/errors.js';
import { toV2Error, V2Error } from '../../../src/service/v2/errors.js';
import { readRequest } from '../../../src/service/v2/read-request.js';
import { CreateBackup } from '../../../src/service/v2/schema/create-backup.js';

function explain(error: unknown): [string, number] | undefined {
  const explained = toV2Error(error);
  return explained instanceof V2Error ? [explained.machineCode, explained.status] : undefined;
}

describe('an error', () => {
  it('of the service, the catalog, a cluster or a storage, has a code and a status', () => {
    expect(explain(new ServiceError('SERVICE_NOT_FOUND', 'routine "x" not found'))).toEqual(['not-found', 404]);
    expect(explain(new ServiceError('SERVICE_NOT_WRITABLE', 'it cannot be stored'))).toEqual(['not-writable', 503]);
    expect(explain(new ToolError('CATALOG_BASE', 'It is the base of others'))).toEqual(['has-dependents', 409]);
    expect(explain(new ToolError('LOCK_HELD', 'It is in use'))).toEqual(['busy', 409]);
    expect(explain(new ToolError('NET_TIMEOUT', 'The node does not answer'))).toEqual(['timeout', 504]);
    expect(explain(new ToolError('S3_ACCESS', 'The bucket refuses it'))).toEqual(['upstream', 502]);
  });

  it('that nobody expects, stays as it is', () => {
    const fault = new TypeError('x is not a function');
    expect(toV2Error(fault)).toBe(fault);
  });
});

describe('a request', () => {
  function refuse(value: unknown): string | undefined {
    try {
      readRequest(CreateBackup, value);
      return undefined;
    } catch (error) {
      return error instanceof V2Error ? error.machineCode : undefined;
    }
  }

  it('that is wrong, has the code of what is wrong', () => {
    expect(refuse({ id: 'No' })).toBe('invalid-id');
    expect(refuse({ include: ['a'], exclude: ['b'] })).toBe('include-exclude');
    expect(refuse({ unknown: 1 })).toBe('invalid-request');
    expect(refuse([])).toBe('invalid-request');
  });

  it('without a body, is an empty one', () => {
    expect(readRequest(CreateBackup, undefined)).toEqual({});
  });
});
