import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../src/service/document/check-document.js';
import { ServiceError } from '../../../src/service/errors.js';

const HASH = `sha256:${'0a'.repeat(32)}`;
const TLS = {
  https: { 'cert-file': '/c', 'key-file': '/k', 'client-auth': 'request', 'client-ca-file': '/ca' },
};

/** What is wrong with a section access. */
function check(access: unknown, more: object = {}): readonly string[] {
  try {
    readDocument({ access, ...more });
    return [];
  } catch (error) {
    return error instanceof ServiceError ? error.problems : [String(error)];
  }
}

describe('section access', () => {
  it('that is right is accepted', () => {
    const access = {
      tokens: { a: { hash: HASH, scope: 'read', expires: '2027-01-01T00:00:00+02:00' } },
      certificates: {
        b: { subject: 'CN=x', scope: 'admin' },
        c: { fingerprint: 'AA:'.repeat(31) + 'AA', scope: 'backup' },
      },
      proxy: { addresses: ['10.0.0.0/8', '::1'], header: 'X-User', 'default-scope': 'read' },
      open: [],
    };
    expect(check(access, { service: TLS })).toEqual([]);
  });

  for (const [access, problem] of [
    [{}, 'access: expected tokens, certificates or proxy'],
    [{ tokens: {} }, 'access: expected tokens, certificates or proxy'],
    [{ tokens: { a: { hash: 'secret', scope: 'read' } } }, 'access.tokens.a.hash: expected sha256:'],
    [{ tokens: { a: { hash: HASH.toUpperCase(), scope: 'read' } } }, 'access.tokens.a.hash: expected sha256:'],
    [{ tokens: { a: { hash: HASH, scope: 'root' } } }, 'access.tokens.a.scope: expected one of read'],
    [{ tokens: { a: { hash: HASH, scope: 'read', expires: 'soon' } } }, 'access.tokens.a.expires: expected a time'],
    [{ tokens: { a: { hash: HASH, scope: 'read' }, b: { hash: HASH, scope: 'read' } } }, 'a and b have the same hash'],
    [{ tokens: { ' ': { hash: HASH, scope: 'read' } } }, 'the name must not be blank'],
    [
      { certificates: { a: { subject: 'CN=x', scope: 'read' } } },
      'access.certificates: need service.https.client-auth',
    ],
    [{ certificates: { a: { scope: 'read' } } }, 'access.certificates.a: expected subject or fingerprint'],
    [{ certificates: { a: { subject: 'ci', scope: 'read' } } }, 'access.certificates.a.subject: expected parts'],
    [{ certificates: { a: { fingerprint: 'AA', scope: 'read' } } }, 'access.certificates.a.fingerprint: expected 64'],
    [{ proxy: { addresses: ['x'], header: 'X-User', users: { a: 'read' } } }, 'access.proxy.addresses[0]: expected'],
    [{ proxy: { addresses: [], header: 'X-User', users: { a: 'read' } } }, 'access.proxy.addresses: expected at least'],
    [{ proxy: { addresses: ['::1'], header: 'Host', users: { a: 'read' } } }, 'access.proxy.header: expected'],
    [{ proxy: { addresses: ['::1'], header: 'a b', users: { a: 'read' } } }, 'access.proxy.header: expected'],
    [{ proxy: { addresses: ['::1'], header: 'X-User' } }, 'access.proxy: expected users or default-scope'],
  ] as const) {
    it(`${JSON.stringify(access)} is refused: ${problem}`, () => {
      const problems = check(access);
      expect(
        problems.some((one) => one.includes(problem)),
        problems.join('\n'),
      ).toBe(true);
      expect(problems.join()).not.toContain('secret:');
    });
  }
});
