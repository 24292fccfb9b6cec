import { describe, expect, it } from 'vitest';
import { GcsFault, isTransient, toStorageError, toTokenError } from '../../../src/storage/gcs/errors.js';

const json = (code: number, reason: string, message: string) =>
  GcsFault.parse(code, JSON.stringify({ error: { code, message, errors: [{ reason }] } }));
const xml = (status: number, code: string, message: string) =>
  GcsFault.parse(status, `<?xml version='1.0'?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
const explain = (error: unknown) => toStorageError(error, { action: 'write', path: 'gs://backups/k', host: 'h' });

describe('errors of Google Cloud Storage', () => {
  it.each([
    ['GS_NO_BUCKET', 'there is no bucket backups', json(404, 'notFound', 'The specified bucket does not exist.')],
    ['GS_NO_BUCKET', 'there is no bucket backups', xml(404, 'NoSuchBucket', 'The specified bucket does not exist.')],
    ['GS_NO_OBJECT', 'no such object', json(404, 'notFound', 'No such object: backups/k')],
    ['GS_NO_UPLOAD', 'its upload is gone', xml(404, 'NoSuchUpload', 'The requested upload was not found.')],
    ['GS_CREDENTIALS', 'does not know these credentials', json(401, 'authError', 'Invalid Credentials')],
    ['GS_DENIED', 'do not permit it', json(403, 'forbidden', 'x does not have storage.objects.create access')],
    ['GS_LOCKED', 'a retention policy', json(403, 'retentionPolicyNotMet', 'subject to retention policy')],
    ['GS_CHANGED', 'was replaced', json(412, 'conditionNotMet', 'At least one of the pre-conditions did not hold.')],
    ['GS_FAILED', 'h answered status 418', GcsFault.parse(418, 'a teapot')],
  ])('%s: %s', (code, text, error) => {
    expect(explain(error)).toMatchObject({ code });
    expect(explain(error).message).toContain(text);
  });

  it.each([
    ['GS_NO_CREDENTIALS', 'Could not load the default credentials. Browse to …'],
    ['GS_CLOCK', 'invalid_grant: Invalid JWT: Token must be a short-lived token and in a reasonable timeframe'],
    ['GS_CREDENTIALS', 'invalid_grant: account not found'],
  ])('no token, %s', (code, text) => {
    expect(toTokenError(new Error(text))).toMatchObject({ code });
  });

  it('what may pass is retried, and what cannot is not', () => {
    const passing = [json(503, 'backendError', ''), json(429, 'rateLimitExceeded', ''), xml(400, 'BadDigest', '')];
    expect(passing.map(isTransient)).toEqual([true, true, true]);
    expect([json(403, 'forbidden', ''), json(404, 'notFound', '')].map(isTransient)).toEqual([false, false]);
  });
});
