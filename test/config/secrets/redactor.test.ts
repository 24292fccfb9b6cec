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

  it.each([
    [
      'in a URL',
      'path',
      's3://our-vault/monday (1) & tuesday/x',
      'GET /our-vault?prefix=monday%20%281%29%20%26%20tuesday%2Fx',
    ],
    ['in a URL with slashes', 'input', 'gs://our-vault/monday & tuesday/x', 'PUT /our-vault/monday%20%26%20tuesday/x'],
    ['in XML', 'path', 'azblob://our-vault/monday<&>tuesday', '<Key>monday&lt;&amp;&gt;tuesday</Key>'],
    ['cut by an answer', 'path', 's3://our-vault/monday-to-friday', 'There is no monday-to-fri...'],
    ['in lower case', 'hosts', 'DB-One.Example.com:3000', 'ENOTFOUND db-one.example.com'],
    ['by its host', 'text', 'https://vault.example.com:9000/team', 'vault.example.com cannot be reached'],
    ['by its signature', 'text', 'https://a.example.com/?sv=2&sig=ab%2Bcdefgh%3D', 'sig is ab+cdefgh='],
    ['by the directory of a prefix', 'text', 'team-vault/monday', 'There is no directory /backups/team-vault'],
    ['although it has dashes', 'password', `-----${'abcdefgh'.repeat(8)}`, 'is -----abcdefghabcdefgh...'],
    [
      'on one line of PEM',
      'pem',
      `-----BEGIN PRIVATE KEY-----${'MIIabcde'.repeat(9)}-----END PRIVATE KEY-----`,
      'no MIIabcdeMIIab',
    ],
    [
      'in PEM with escaped line feeds',
      'pem',
      '-----BEGIN KEY-----\\nMIIabcdefgh\\nxy==\\n-----END KEY-----',
      'in xy== MIIabcdefgh',
    ],
    [
      'by the account of a key file',
      'pem',
      '{"project_id":"proj-1","client_email":"backup-bot@proj-1.example"}',
      'no account backup-bot of proj-1',
    ],
  ] as const)('shows nothing of a value that is quoted %s', (_, type, secret, line) => {
    const redactor = new Redactor();
    redactor.add('secrets:r:k', secret, { type });
    const shown = redactor.clean(line);
    expect(shown).toContain('<secrets:r:k>');
    const kept = new Set(shown.replaceAll('<secrets:r:k>', ' ').split(/[^a-zA-Z0-9]+/));
    for (const word of [
      'vault',
      'monday',
      'tuesday',
      'friday',
      'example',
      'cdefgh',
      'abcdefgh',
      'MIIabcde',
      'bot',
      'proj',
    ]) {
      expect(kept).not.toContain(word);
    }
  });

  it('leaves the marks of PEM texts and the beginning of the word that a password begins with', () => {
    const redactor = new Redactor();
    redactor.add('secrets:r:k', 'pass/word-of-the-day', { type: 'password' });
    redactor.add('secrets:r:p', '-----BEGIN X509 CRL-----\nMIIabcdefgh\n-----END X509 CRL-----\n', { type: 'pem' });
    const line = 'The passphrase is not between -----BEGIN X509 CRL----- and -----END X509 CRL-----';
    expect(redactor.clean(line)).toBe(line);
  });
});
