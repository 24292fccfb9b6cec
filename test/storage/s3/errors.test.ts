import { describe, expect, it } from 'vitest';
import { StorageError } from '../../../src/storage/errors.js';
import { isTransient, toStorageError } from '../../../src/storage/s3/errors.js';

describe('errors of S3', () => {
  const place = { action: 'write', path: 's3://b/k', host: 'h:1', region: 'eu-west-1' };
  const answer = (name: string, status: number, more = {}): unknown =>
    Object.assign(new Error('It says so.'), { name, $metadata: { httpStatusCode: status, requestId: 'r1' }, ...more });

  it.each<[unknown, string, RegExp]>([
    [answer('SignatureDoesNotMatch', 403), 'S3_WRONG_SECRET', /secret key does not belong/],
    [answer('InvalidAccessKeyId', 403), 'S3_CREDENTIALS', /does not know these credentials/],
    [answer('NoSuchBucket', 404), 'S3_NO_BUCKET', /there is no bucket b;/],
    [answer('AccessDenied', 403), 'S3_DENIED', /do not permit it/],
    [answer('NoSuchKey', 404), 'S3_NO_OBJECT', /no such object/],
    [answer('PreconditionFailed', 412), 'S3_CHANGED', /replaced while/],
    [answer('PermanentRedirect', 301), 'S3_REGION', /not in region eu-west-1/],
    [
      answer('AuthorizationHeaderMalformed', 400, { Region: 'us-east-2' }),
      'S3_REGION',
      /in region us-east-2, not in eu-west-1/,
    ],
    [
      answer('NewFangledError', 418),
      'S3_FAILED',
      /h:1 answered NewFangledError \(status 418, request r1\): It says so\.$/,
    ],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'S3_UNREACHABLE', /h:1 cannot be reached/],
    [Object.assign(new Error('x'), { name: 'TimeoutError' }), 'S3_UNREACHABLE', /took too long/],
    [
      Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' }),
      'S3_NO_CREDENTIALS',
      /no credentials were found$/,
    ],
  ])('%s becomes an error with a code and a reason', (error, code, text) => {
    const fault = toStorageError(error, place);
    expect(fault).toBeInstanceOf(StorageError);
    expect(fault.code).toBe(code);
    expect(fault.message).toMatch(text);
    expect(fault.message).toMatch(/^Cannot write s3:\/\/b\/k: [^\n]*$/);
  });

  it('are tried again only if that can help', () => {
    const passing = [answer('SlowDown', 503), answer('X', 500), answer('X', 429), { code: 'ECONNRESET' }];
    expect(passing.map(isTransient)).toEqual([true, true, true, true]);
    const lasting = [answer('AccessDenied', 403), answer('NoSuchKey', 404), answer('PreconditionFailed', 412)];
    expect(lasting.map(isTransient)).toEqual([false, false, false]);
  });
});
