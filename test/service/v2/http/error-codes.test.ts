import { describe, expect, it } from 'vitest';
import { V2Error, V2_ERROR_CODES, type V2ErrorCode } from '../../../../src/service/v2/errors.js';
import { ID, openV2 } from './fakes.js';

const BACKUP = `/v2/backups/s1/${ID}`;
/** How each condition is answered, and which request may meet it. */
const CONDITIONS: readonly (readonly [V2ErrorCode, number, 'GET' | 'POST' | 'DELETE', string])[] = [
  ['invalid-id', 400, 'POST', '/v2/backups/s1'],
  ['include-exclude', 400, 'POST', '/v2/backups/s1'],
  ['unknown-selection', 400, 'POST', '/v2/backups/s1'],
  ['id-not-allowed', 400, 'POST', '/v2/routines/nightly/run'],
  ['id-required', 400, 'POST', '/v2/routines/nightly/run'],
  ['ambiguous-id', 400, 'GET', BACKUP],
  ['no-storage', 400, 'POST', `${BACKUP}/verify`],
  ['feature-disabled', 400, 'POST', '/v2/backups/s1'],
  ['not-found', 404, 'GET', BACKUP],
  ['not-in-backup', 404, 'POST', `${BACKUP}/restore`],
  ['id-taken', 409, 'POST', '/v2/backups/s1'],
  ['id-not-monotonic', 409, 'POST', '/v2/backups/s1'],
  ['busy', 409, 'POST', '/v2/backups/s1'],
  ['deleted', 409, 'POST', `${BACKUP}/restore`],
  ['held', 409, 'DELETE', BACKUP],
  ['has-dependents', 409, 'DELETE', BACKUP],
  ['not-held', 409, 'POST', `${BACKUP}/release`],
  ['target-not-empty', 409, 'POST', `${BACKUP}/restore`],
  ['target-busy', 409, 'POST', `${BACKUP}/restore`],
  ['not-restorable', 409, 'POST', `${BACKUP}/restore?plan=true`],
  ['conflict', 409, 'POST', `${BACKUP}/cancel`],
  ['upstream', 502, 'GET', '/v2/state'],
  ['timeout', 504, 'GET', '/v2/ranges/s1'],
  ['stopping', 503, 'POST', '/v2/backups/s1'],
  ['not-writable', 503, 'POST', '/v2/backups/s1'],
];

describe('errors of operations', () => {
  for (const [code, status, method, url] of CONDITIONS) {
    it(`${code} is answered by ${method} ${url} with ${status}, the code, a message and the facts`, async () => {
      const { app, failure } = await openV2();
      failure.error = new V2Error(code, 'why it is so', { facts: { id: 'other' } });
      const answer = await app.inject({ method, url });
      expect(answer.statusCode).toBe(status);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.json()).toEqual({ code, message: 'why it is so', details: { id: 'other' } });
    });
  }

  it('have a code for every status that the interface may answer with', () => {
    const byHttp = [
      'invalid-request',
      'unauthorized',
      'forbidden',
      'method-not-allowed',
      'precondition-failed',
      'too-large',
      'too-many-requests',
      'no-restore-point',
      'internal',
      // Of jobs alone.
      'damaged',
    ];
    const known = [...CONDITIONS.map(([code]) => code), ...byHttp];
    expect(V2_ERROR_CODES.filter((code) => !known.includes(code))).toEqual([]);
  });
});
