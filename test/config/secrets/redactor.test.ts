import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../src/config/secrets/redactor.js';
import { makeCertificate } from '../../support/certificates.js';

const TEXT = { type: 'text' } as const;

describe('the redactor', () => {
  it('shows nothing of a password of any size, whole, escaped or cut (a secret of 40 kB printed itself)', () => {
    for (const size of [3, 8, 47, 48, 1000, 40_000, 200_000]) {
      const secret = Array.from({ length: size }, (_, i) => String.fromCharCode(33 + ((i * 7 + (i >> 5)) % 94))).join(
        '',
      );
      const redactor = new Redactor();
      redactor.add('secrets:r:k', secret, TEXT);
      for (const shown of [secret, JSON.stringify(secret), `Cannot open ${secret}: no such file`]) {
        const line = redactor.clean(shown);
        expect(line).toContain('<secrets:r:k>');
        expect(line.length).toBeLessThan(80);
      }
      if (size < 48) continue;
      // As a message that quotes a long text cuts it.
      const cut = redactor.clean(`Invalid value ${JSON.stringify(`${secret.slice(0, size / 2)}...`)}`);
      expect(cut).not.toContain(secret.slice(5, 20));
    }
  });

  it('knows every line of a bundle of certificates, and leaves the lines that all of them have', () => {
    const bundle = Array.from({ length: 25 }, (_, i) => makeCertificate({ name: `CA ${i}`, isCa: true }).cert).join('');
    const redactor = new Redactor();
    redactor.add('secrets:r:ca', bundle, { type: 'pem' });
    const lines = bundle.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
    for (const line of [...lines, ...lines.map((each) => each.slice(3, 50)).filter((each) => each.length >= 40)]) {
      expect(redactor.clean(`x ${line} y`)).not.toContain(line.length > 24 ? line.slice(5, 25) : line);
    }
    expect(redactor.clean('-----BEGIN CERTIFICATE-----')).toBe('-----BEGIN CERTIFICATE-----');
    expect(redactor.clean(JSON.stringify({ bundle })).length).toBeLessThan(100);
  });

  it('takes a text with every sign of a regular expression for what it is', () => {
    const secret = '(((a+)+)+$[^]\\b{1,99999}*?';
    const redactor = new Redactor();
    redactor.add('secrets:r:k', secret, TEXT);
    expect(redactor.clean(`is ${secret}!`)).toBe('is <secrets:r:k>!');
  });

  it('leaves a line without secrets as it is, and takes little time for a long one', () => {
    const redactor = new Redactor();
    redactor.add('secrets:r:k', 'abcabcabd', TEXT);
    const line = 'abcabcabc'.repeat(100_000);
    expect(redactor.clean(line)).toBe(line);
  });

  it('shows neither a directory above a secret path nor its last name (the error of a missing directory did)', () => {
    for (const rule of [{ type: 'path' }, { type: 'input' }, { type: 'directories' }] as const) {
      for (const [secret, lines] of Object.entries({
        'our-vault/customers/monday-backup': ['our-vault/customers', 'our-vault', 'monday-backup'],
        [`one-vault/${'d/'.repeat(40_000)}monday`]: [`one-vault/${'d/'.repeat(30)}d`, 'one-vault'],
        '/our-vault//customers/./x': ['/our-vault', '/our-vault/customers', '/our-vault//customers'],
        's3://our-vault/customers/monday-backup': [
          'our-vault',
          'customers/monday-backup',
          'monday-backup',
          'customers',
        ],
      })) {
        const redactor = new Redactor();
        redactor.add('secrets:r:k', secret, rule);
        for (const line of lines) {
          expect(redactor.clean(`There is no directory ${line} here`)).toBe('There is no directory <secrets:r:k> here');
        }
        expect(redactor.clean(`In ${process.cwd()}`)).toBe(`In ${process.cwd()}`);
      }
    }
  });
});
