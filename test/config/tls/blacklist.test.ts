import { describe, expect, it } from 'vitest';
import { parseBlacklist } from '../../../src/config/tls/blacklist.js';

describe('--tls-cert-blacklist', () => {
  it('file with serials in any spelling and issuers to the end of the line is read', () => {
    expect(parseBlacklist('# x\n\n 0a:BC \r\n00ff /C=US/O=A Company/CN=CA  \n0\n', 'f')).toEqual([
      { serial: 'ABC' },
      { serial: 'FF', issuer: '/C=US/O=A Company/CN=CA' },
      { serial: '0' },
    ]);
  });

  it.each(['xyz', '01 CN=CA', '0x12', ':12'])('line %j is refused with its number', (line) => {
    expect(() => parseBlacklist(`# fine\n${line}\n`, 'list')).toThrow(/^Line 2 of list is no certificate/);
  });
});
