import { describe, expect, it } from 'vitest';
import { parseTlsProtocols } from '../../../src/config/tls/protocols.js';

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
  ])('range of %j', (text, minVersion, maxVersion) => {
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
  ])('value %j is refused with the reason', (text, reason) => {
    expect(() => parseTlsProtocols(text)).toThrow(reason);
  });
});
