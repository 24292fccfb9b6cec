import { describe, expect, it } from 'vitest';
import { isTransient, isUnreachable, toStorageError } from '../../../src/storage/azure/errors.js';

const answer = (statusCode: number, errorCode: string, message = '') =>
  Object.assign(new Error(message), { name: 'RestError', statusCode, code: errorCode, details: { errorCode } });
const explain = (error: unknown) =>
  toStorageError(error, { action: 'write', path: 'azblob://backups/k', host: 'a.blob.example' });

describe('errors of Azure', () => {
  it.each([
    [404, 'ContainerNotFound', 'AZBLOB_NO_BUCKET', 'there is no container backups'],
    [404, 'BlobNotFound', 'AZBLOB_NO_OBJECT', 'there is no such blob'],
    [403, 'AuthorizationPermissionMismatch', 'AZBLOB_DENIED', 'the credentials do not permit it'],
    [403, 'AuthenticationFailed', 'AZBLOB_CREDENTIALS', 'refuses the account key or the SAS'],
    [401, 'NoAuthenticationInformation', 'AZBLOB_NO_CREDENTIALS', 'no credentials were found'],
    [412, 'ConditionNotMet', 'AZBLOB_CHANGED', 'was replaced while it was being read'],
    [409, 'BlobArchived', 'AZBLOB_ARCHIVED', 'is archived'],
    [409, 'BlobImmutableDueToPolicy', 'AZBLOB_LOCKED', 'protects the blob'],
    [413, 'RequestBodyTooLarge', 'AZBLOB_TOO_LARGE', 'no block of this size'],
  ])('%i %s is %s', (status, name, code, text) => {
    const error = explain(answer(status, name));
    expect(error).toMatchObject({ code });
    expect(error.message).toBe(`Cannot write azblob://backups/k: ${error.message.split(': ').slice(1).join(': ')}`);
    expect(error.message).toContain(text);
  });

  it('a wrong clock is named', () => {
    const error = answer(403, 'AuthenticationFailed', 'Request date header too old');
    expect(explain(error)).toMatchObject({ code: 'AZBLOB_CLOCK' });
  });

  it('what may pass is retried, and what cannot is not', () => {
    const passing = [answer(503, 'ServerBusy'), answer(429, 'X'), answer(400, 'Md5Mismatch'), { code: 'ECONNRESET' }];
    const lasting = [answer(403, 'AuthenticationFailed'), answer(404, 'BlobNotFound'), answer(501, 'X')];
    expect(passing.map(isTransient)).toEqual([true, true, true, true]);
    expect(lasting.map(isTransient)).toEqual([false, false, false]);
    expect([{ code: 'ECONNREFUSED' }, answer(503, 'ServerBusy')].map(isUnreachable)).toEqual([true, false]);
  });
});
