import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../../../src/aerospike/errors.js';
import type { TlsOptions } from '../../../../src/aerospike/config.js';
import { parseBlacklist } from '../../../../src/aerospike/connection/tls/blacklist.js';
import { explainTls } from '../../../../src/aerospike/connection/tls/errors.js';
import { dnsNames, nameMatches } from '../../../../src/aerospike/connection/tls/names.js';
import { parseTlsProtocols } from '../../../../src/aerospike/connection/tls/protocols.js';
import { TlsTransport } from '../../../../src/aerospike/connection/tls/tls.js';

describe('--tls-protocols', () => {
  it.each([
    ['all', 'TLSv1', 'TLSv1.3'],
    ['-all +TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['tlsv1.2 +TLSV1.3', 'TLSv1.2', 'TLSv1.3'],
    ['+TLSv1.1 +TLSv1.2', 'TLSv1.1', 'TLSv1.2'],
    ['all -TLSv1 -TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    ['all -SSLv3 -SSLv2 -TLSv1', 'TLSv1.1', 'TLSv1.3'],
    ['\tall  -TLSv1.3 ', 'TLSv1', 'TLSv1.2'],
  ])('%j', (text, minVersion, maxVersion) => {
    expect(parseTlsProtocols(text)).toEqual({ minVersion, maxVersion });
  });

  it.each([
    ['', 'leaves no TLS version'],
    ['-all', 'leaves no TLS version'],
    ['SSLv3', 'SSLv3 is insecure'],
    ['all +SSLv2', 'SSLv2 is insecure'],
    ['TLSv1.4', '"TLSv1.4" is not known'],
    ['+', '"" is not known'],
    ['TLSv1.2 TLSv1.3', '"TLSv1.3" would undo what stands before it; put + or - in front of it'],
    ['TLSv1 +TLSv1.2', 'TLSv1.1 cannot be left out between TLSv1 and TLSv1.2'],
    ['all -TLSv1.1 -TLSv1.2', 'TLSv1.1 cannot be left out between TLSv1 and TLSv1.3'],
  ])('%j is refused', (text, reason) => {
    expect(() => parseTlsProtocols(text)).toThrow(reason);
  });
});

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

describe('--tls-cert-blacklist', () => {
  it('serials in any spelling, issuers to the end of the line', () => {
    expect(parseBlacklist('# x\n\n 0a:BC \r\n00ff /C=US/O=A Company/CN=CA  \n0\n', 'f')).toEqual([
      { serial: 'ABC' },
      { serial: 'FF', issuer: '/C=US/O=A Company/CN=CA' },
      { serial: '0' },
    ]);
  });

  it.each(['xyz', '01 CN=CA', '0x12', ':12'])('%j is refused', (line) => {
    expect(() => parseBlacklist(`# fine\n${line}\n`, 'list')).toThrow(/^Line 2 of list is no certificate/);
  });
});

describe('sentences', () => {
  const options: TlsOptions = { ca: [], minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' };
  const error = (code: string, message = 'x'): Error => Object.assign(new Error(message), { code });

  it.each([
    ['CERT_NOT_YET_VALID', /is not valid yet/],
    ['CRL_HAS_EXPIRED', /the list of its issuer is out of date/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /is signed by itself/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /does not accept clients without a certificate/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /\(unknown ca\); give --tls-certfile/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS; check the port/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', /does not speak TLSv1\.2 to TLSv1\.3/],
    ['ERR_SSL_BAD_RECORD_MAC', /^TLS with h:1 failed: bad record mac\.$/],
  ])('%s', (code, text) => {
    const explained = explainTls(error(code), 'h:1', options);
    expect(explained).toBeInstanceOf(ConnectionError);
    expect(explained?.code).toBe('NET_TLS');
    expect(explained?.message).toMatch(text);
  });

  it('an error of the network is not explained here', () => {
    expect(explainTls(error('ECONNREFUSED'), 'h:1', options)).toBeUndefined();
    expect(explainTls(error('ECONNRESET', 'read ECONNRESET'), 'h:1', options)).toBeUndefined();
  });

  it('options can be cloned, and ciphers are checked at once', () => {
    expect(structuredClone(options)).toEqual(options);
    expect(() => new TlsTransport({ ...options, ciphers: 'NONSENSE' })).toThrow(/^No cipher of --tls-cipher-suite/);
  });
});
