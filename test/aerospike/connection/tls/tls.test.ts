import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../src/aerospike/errors.js';
import type { TlsOptions } from '../../../../src/aerospike/config.js';
import { explainTls } from '../../../../src/aerospike/connection/tls/errors.js';
import { dnsNames, nameMatches } from '../../../../src/aerospike/connection/tls/names.js';
import { TlsTransport } from '../../../../src/aerospike/connection/tls/tls.js';

describe('names of a certificate', () => {
  it.each([
    ['', []],
    ['DNS:a.b, IP Address:10.0.0.1, DNS:*.c', ['a.b', '*.c']],
    ['DNS:"odd, \\"name", DNS:x', ['odd, "name', 'x']],
    // A name must not be smuggled in through an entry of another kind.
    ['URI:"http://x/, DNS:evil.tls"', []],
    ['URI:x", DNS:evil.tls', []],
    ['othername:<unsupported>, DNS:a', ['a']],
  ])('%s', (text, names) => {
    expect(dnsNames(text)).toEqual(names);
  });

  it.each([
    ['node.tls', 'node.tls', true],
    ['Node.TLS', 'node.tls', true],
    ['node.tls', 'node.tls.evil', false],
    ['*.tls', 'node.tls', true],
    ['*.TLS', 'NODE.tls', true],
    ['*.tls', 'a.b.tls', false],
    ['*.tls', '.tls', false],
    ['*.tls', 'tls', false],
    ['*', 'node', false],
    ['*.', 'node.', false],
    ['n*.tls', 'node.tls', false],
    ['a.*.tls', 'a.b.tls', false],
    ['single', 'single', true],
    ['node.tls\0.evil', 'node.tls', false],
  ])('%j for %j: %s', (pattern, name, matches) => {
    expect(nameMatches(pattern, name)).toBe(matches);
  });
});

describe('error of a TLS connection', () => {
  const options: TlsOptions = { ca: [], minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' };
  const error = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

  it.each([
    ['CERT_NOT_YET_VALID', /is not valid yet/],
    ['CRL_HAS_EXPIRED', /the list of its issuer is out of date/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /is signed by itself/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /does not accept clients without a certificate/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /\(unknown ca\)$/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /^h:1 does not speak TLS$/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /does not speak TLSv1\.2 to TLSv1\.3/],
    ['ERR_SSL_BAD_RECORD_MAC', /^TLS with h:1 failed: bad record mac$/],
  ])('%s', (code, text) => {
    const explained = explainTls(error(code), 'h:1', options);
    expect(explained).toBeInstanceOf(ConnectionError);
    expect(explained?.code).toBe('NET_TLS');
    expect(explained?.message).toMatch(text);
  });

  it('that comes from the network is not explained here', () => {
    expect(explainTls(error('ECONNREFUSED'), 'h:1', options)).toBeUndefined();
    expect(explainTls(error('ECONNRESET', 'read ECONNRESET'), 'h:1', options)).toBeUndefined();
  });

  it('options can be cloned, and unknown ciphers are refused at once', () => {
    expect(structuredClone(options)).toEqual(options);
    expect(() => new TlsTransport({ ...options, ciphers: 'NONSENSE' })).toThrow(/^No cipher of the list is known/);
  });

  it.each(['eNULL', 'NULL', 'aNULL', 'ADH', 'eNULL:@SECLEVEL=0', 'AECDH-NULL-SHA'])(
    'ciphers without encryption or authentication are refused: %s',
    (ciphers) => {
      expect(() => new TlsTransport({ ...options, ciphers })).toThrow(/^No cipher of the list is known, safe/);
    },
  );

  it.each(['ALL:eNULL', 'TLS_AES_256_GCM_SHA384', 'HIGH', 'ECDHE-RSA-AES256-GCM-SHA384:TLS_AES_128_GCM_SHA256'])(
    'list with safe ciphers is accepted: %s',
    (ciphers) => {
      expect(() => new TlsTransport({ ...options, minVersion: 'TLSv1.2', ciphers })).not.toThrow();
    },
  );
});
