import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { deriveAesKey, fingerprint, keyFromEnvironment, keyFromPem, readKeyFile } from '../../src/codecs/key.js';
import { fixture } from '../support/asb.js';
import { key, KEY_FILE } from '../support/codecs.js';

const folder = mkdtempSync(join(tmpdir(), 'asbackup-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pkcs8 = fixture('backups/key.pem').toString();
const pkcs1 = fixture('backups/key-pkcs1.pem').toString();
/** Written by openssl; C asbackup was seen to make the same AES key of each. They protect nothing. */
const COMPRESSED = `-----BEGIN EC PRIVATE KEY-----
MFcCAQEEIGPaT4ILSc9ab9pD/yojrx2ldoKDZrvu5wND7mC072j2oAoGCCqGSM49
AwEHoSQDIgADmqNWhB0x9/3HQfWVoHydX8GQkPLxE7VxjJVEjbw58Cg=
-----END EC PRIVATE KEY-----
`;
const COMPRESSED_PKCS8 = `-----BEGIN PRIVATE KEY-----
MGcCAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcETTBLAgEBBCBj2k+CC0nPWm/aQ/8q
I68dpXaCg2a77ucDQ+5gtO9o9qEkAyIAA5qjVoQdMff9x0H1laB8nV/BkJDy8RO1
cYyVRI28OfAo
-----END PRIVATE KEY-----
`;
const HYBRID = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGPaT4ILSc9ab9pD/yojrx2ldoKDZrvu5wND7mC072j2oAoGCCqGSM49
AwEHoUQDQgAHmqNWhB0x9/3HQfWVoHydX8GQkPLxE7VxjJVEjbw58CicZjwqF9/U
/0wvIeGm271FocmxbIJOgJJd3amZFfhvtQ==
-----END EC PRIVATE KEY-----
`;
const NO_POINT = `-----BEGIN EC PRIVATE KEY-----
MDECAQEEIAIoFaFh6gWEJ644PFRABC0PMx9Rg8L4HL/l8xKS7eRloAoGCCqGSM49
AwEH
-----END EC PRIVATE KEY-----
`;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const createDigest = ({ digest }: { digest: Uint8Array }): string => Buffer.from(digest).toString('hex');
const readBody = (pem: string): string => pem.replace(/-----[^\n]*-----|\s/g, '');

describe('a key file', () => {
  it('gives the same key in either form: the digest of its PKCS#1 bytes', () => {
    expect(keyFromPem(pkcs8, 'a')).toMatchObject({
      description: expect.stringMatching(/^the RSA key of a \(PKCS#1, \d+ bytes\)$/) as string,
    });
    expect(createDigest(keyFromPem(pkcs8, 'a'))).toBe(createDigest(keyFromPem(pkcs1, 'b')));
    expect(createDigest(keyFromPem(pkcs8, 'a'))).toBe(sha256(Buffer.from(readBody(pkcs1), 'base64')));
    expect(createDigest(readKeyFile(KEY_FILE))).toBe(createDigest(key));
  });

  it.each(['prime256v1', 'secp384r1'])('may hold a key on %s: the digest of its SEC1 bytes', (namedCurve) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve });
    const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }).toString();
    const expected = sha256(privateKey.export({ format: 'der', type: 'sec1' }));
    expect(createDigest(keyFromPem(sec1, 'k'))).toBe(expected);
    expect(createDigest(keyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), 'k'))).toBe(
      expected,
    );
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    expect(createDigest(keyFromPem(parameters + sec1, 'k'))).toBe(expected);
  });

  it('of a curve keeps the form of its public point, as OpenSSL does', () => {
    const compressed = sha256(Buffer.from(readBody(COMPRESSED), 'base64'));
    expect(createDigest(keyFromPem(COMPRESSED, 'k'))).toBe(compressed);
    expect(createDigest(keyFromPem(COMPRESSED_PKCS8, 'k'))).toBe(compressed);
    expect(createDigest(keyFromPem(HYBRID, 'k'))).toBe(sha256(Buffer.from(readBody(HYBRID), 'base64')));
    expect(createDigest(keyFromPem(NO_POINT, 'k'))).toBe(sha256(Buffer.from(readBody(NO_POINT), 'base64')));
  });

  it('may hold a key that has no form but PKCS#8', () => {
    const keys: KeyObject[] = [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('x25519').privateKey,
      generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).privateKey,
    ];
    for (const one of keys) {
      const { digest } = keyFromPem(one.export({ format: 'pem', type: 'pkcs8' }).toString(), 'k');
      expect(Buffer.from(digest).toString('hex')).toBe(sha256(one.export({ format: 'der', type: 'pkcs8' })));
    }
  });

  it('may hold other things before the key, and behind it', () => {
    const certificate = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(createDigest(keyFromPem(`Bag Attributes\n  x: y\n${certificate}${pkcs8}${certificate}`, 'k'))).toBe(
      createDigest(key),
    );
    expect(createDigest(keyFromPem(pkcs8.replaceAll('\n', '\r\n'), 'k'))).toBe(createDigest(key));
  });

  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const locked = { cipher: 'aes-128-cbc', passphrase: 'secret' };
  it.each([
    ['PKCS#8', rsa.export({ format: 'pem', type: 'pkcs8', ...locked }).toString()],
    ['PKCS#1', rsa.export({ format: 'pem', type: 'pkcs1', ...locked }).toString()],
  ])('that is protected by a passphrase says so (%s)', (_form, pem) => {
    const path = join(folder, 'locked.pem');
    writeFileSync(path, pem);
    expect(() => readKeyFile(path)).toThrow(
      `The encryption key file ${path} is protected by a passphrase; write a copy without one: openssl pkey -in FILE -out COPY`,
    );
  });

  it.each([
    ['', 'it is empty'],
    ['hello\n', 'there is no line "-----BEGIN PRIVATE KEY-----"'],
    [pkcs8.slice(0, 500), 'the block in it is not complete'],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'there is only a block "CERTIFICATE"'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'there is only a block "PUBLIC KEY"'],
    [
      '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
      'it is a key in the form of OpenSSH',
    ],
  ])('without a private key says why', (pem, why) => {
    expect(() => keyFromPem(pem, 'k.pem', 'The encryption key file k.pem')).toThrow(
      `The encryption key file k.pem holds no private key in PEM form: ${why}`,
    );
  });

  it('that is damaged, missing or of an odd type is refused by name', () => {
    const body = readBody(pkcs8);
    expect(() => keyFromPem(pkcs8.replace(body.slice(0, 20), 'AAAA'.repeat(5)), 'k')).toThrow(
      /^The PEM text of k holds a private key that cannot be read: /,
    );
    expect(() => readKeyFile(join(folder, 'none'))).toThrow(
      /^Cannot read the encryption key file .*none: no such file or directory \(ENOENT\)$/,
    );
    const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey;
    expect(() => keyFromPem(dsa.export({ format: 'pem', type: 'pkcs8' }).toString(), 'k')).toThrow(
      'The PEM text of k holds a DSA key; use an RSA or EC key',
    );
  });
});

describe('a PEM key whose line breaks are lost', () => {
  it.each([
    ['blanks', (pem: string) => pem.trim().replaceAll('\n', ' ')],
    ['nothing', (pem: string) => pem.replaceAll('\n', '')],
    ['the characters \\n', (pem: string) => pem.replaceAll('\n', '\\n')],
    ['the characters \\\\n', (pem: string) => pem.replaceAll('\n', '\\\\n')],
    ['carriage returns', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['blanks and quotes around', (pem: string) => JSON.stringify(pem)],
  ])('reader of keys accepts %s in their place, as secret stores give them', (_what, change) => {
    for (const pem of [pkcs1, pkcs8]) expect(createDigest(keyFromPem(change(pem), 'k'))).toBe(createDigest(key));
  });

  it('reader of keys says that a key is base64 of its PEM text', () => {
    expect(() => keyFromPem(Buffer.from(pkcs8).toString('base64'), 'k')).toThrow(
      'it is base64 text of a PEM text; decode it first',
    );
  });

  it('reader of keys says in words that a key is damaged, and shows nothing of it', () => {
    const damaged = pkcs8.replace(readBody(pkcs8).slice(10, 30), '*'.repeat(20));
    expect(() => keyFromPem(damaged, 'k')).toThrow(/cannot be read: its text is not base64$/);
    const cut = pkcs8.replace(readBody(pkcs8).slice(0, 64), '');
    expect(() => keyFromPem(cut, 'k')).toThrow(
      /cannot be read: its text is damaged or cut short, or of an unknown kind$/,
    );
  });
});

describe('an environment variable', () => {
  it('holds any bytes, taken as they are', () => {
    expect(createDigest(keyFromEnvironment(Buffer.from('any').toString('base64'), 'K'))).toBe(
      sha256(Buffer.from('any')),
    );
    expect(createDigest(keyFromEnvironment(readBody(pkcs1), 'K'))).toBe(createDigest(key));
    expect(createDigest(keyFromEnvironment(readBody(pkcs8), 'K'))).not.toBe(createDigest(key));
    expect(keyFromEnvironment('AAAA', 'K').description).toBe('the 3 bytes of the environment variable K');
  });

  it('remembers which other key the same bytes can be mistaken for', () => {
    const mistaken = keyFromEnvironment(readBody(pkcs8), 'K');
    expect(mistaken.alternateKeys.map(createDigest)).toContain(createDigest(key));
    expect(keyFromEnvironment('AAAA', 'K').alternateKeys).toEqual([]);
  });

  it.each([
    [undefined, 'The environment variable K, which is to hold the encryption key, is not set'],
    ['', 'The environment variable K, which is to hold the encryption key, is empty'],
    [pkcs8, 'it holds PEM text where base64 of the key bytes is needed'],
    ['AAAA AAAA', 'there are spaces or line breaks'],
    ['AAAA\n', 'there are spaces or line breaks'],
    ['AAA', 'does not end in the "="'],
    ['AA-_', 'it is not base64 text'],
    ['AAAA=', 'it is not base64 text'],
  ])('that holds %j is refused, and nothing of it is shown', (value, why) => {
    expect(() => keyFromEnvironment(value, 'K')).toThrow(why);
    try {
      keyFromEnvironment(value, 'K');
    } catch (error) {
      expect(error).toMatchObject({ code: 'KEY_ENV' });
      if (value !== undefined && value.length > 2) expect((error as Error).message).not.toContain(value.slice(0, 5));
    }
  });
});

it('a fingerprint tells keys and modes apart, and is not a part of the key', () => {
  const other = keyFromPem(readFileSync(KEY_FILE, 'latin1'), 'other name');
  expect(fingerprint(key, 'aes128')).toMatch(/^[0-9a-f]{16}$/);
  expect(fingerprint(key, 'aes128')).toBe(fingerprint(other, 'aes128'));
  expect(fingerprint(key, 'aes128')).not.toBe(fingerprint(key, 'aes256'));
  expect(fingerprint(keyFromEnvironment('AAAA', 'K'), 'aes128')).not.toBe(fingerprint(key, 'aes128'));
  const derived = Buffer.from(deriveAesKey(key, 'aes256')).toString('hex');
  expect(derived).not.toContain(fingerprint(key, 'aes256'));
  expect(sha256(deriveAesKey(key, 'aes256'))).not.toContain(fingerprint(key, 'aes256'));
});
