/** The key of the encryption, from a private key or from any bytes (asb-format.md 6.1). */
import { createHash, createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemErrorText, type ToolErrorOptions } from '../core/errors.js';
import { derContent, derField, lastField } from './der.js';
import { CodecError } from './errors.js';

export type EncryptionMode = 'aes128' | 'aes256';

/** Plain data, so that it can be handed to a worker thread. Not to be written to any log. */
export interface EncryptionKey {
  /** SHA-256 of the key bytes, all 32 bytes. */
  readonly digest: Uint8Array;
  /** What was used, for people: `the RSA key of key.pem (PKCS#1 form, 1190 bytes)`. */
  readonly description: string;
  /** Keys that the same input would give by another rule; only to explain why a file cannot be decrypted. */
  readonly alternateKeys: readonly { readonly digest: Uint8Array; readonly description: string }[];
}

export function keyBits(mode: EncryptionMode): 128 | 256 {
  return mode === 'aes128' ? 128 : 256;
}

/** What the cipher takes. */
export function deriveAesKey(key: Pick<EncryptionKey, 'digest'>, mode: EncryptionMode): Uint8Array {
  return key.digest.subarray(0, keyBits(mode) / 8);
}

/** Tells two keys apart without telling anything about them: 16 hexadecimal digits, for state files. */
export function fingerprint(key: Pick<EncryptionKey, 'digest'>, mode: EncryptionMode): string {
  const hash = createHash('sha256').update(`asbackup key fingerprint ${mode}\0`).update(deriveAesKey(key, mode));
  return hash.digest().toString('hex', 0, 8);
}

/** For the HMAC of a manifest: tells nothing about the key of the cipher. */
export function deriveManifestKey(key: Pick<EncryptionKey, 'digest'>): Uint8Array {
  return createHmac('sha256', key.digest).update('asbackup manifest').digest();
}

/** Reads a PEM file, or a pipe that holds one. Throws CodecError KEY_FILE and KEY_PASSPHRASE. */
export function readKeyFile(path: string): EncryptionKey {
  let pem: string;
  try {
    pem = readFileSync(path, 'latin1');
  } catch (error) {
    throw new CodecError('KEY_FILE', `Cannot read the encryption key file ${path}: ${systemErrorText(error)}`, {
      cause: error,
      details: { path },
    });
  }
  return keyFromPem(pem, path, `The encryption key file ${path}`);
}

/**
 * `name` is where the text comes from, and `subject` how a sentence about it begins. Throws CodecError KEY_FILE and
 * KEY_PASSPHRASE.
 */
export function keyFromPem(pem: string, name: string, subject = `The PEM text of ${name}`): EncryptionKey {
  const block = findPrivateKey(pem, subject);
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: block, format: 'pem' });
  } catch (error) {
    const reason = 'its text is damaged or cut short, or of an unknown kind';
    throw new CodecError('KEY_FILE', `${subject} holds a private key that cannot be read: ${reason}`, { cause: error });
  }
  const { der, kind, form } = traditionalForm(key, block, subject);
  const bytes = createHash('sha256').update(der).digest();
  return {
    digest: bytes,
    description: `the ${kind} key of ${name} (${form}, ${der.length} bytes)`,
    alternateKeys: deriveAlternateKeys(key, der),
  };
}

/** The value of the variable `name`: base64 of any bytes, which are taken as they are. Throws CodecError KEY_ENV. */
export function keyFromEnvironment(value: string | undefined, name: string): EncryptionKey {
  const variable = `The environment variable ${name}`;
  if (value === undefined) {
    throw new CodecError('KEY_ENV', `${variable}, which is to hold the encryption key, is not set`);
  }
  if (value === '') throw new CodecError('KEY_ENV', `${variable}, which is to hold the encryption key, is empty`);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)) {
    const reason = describeBase64Fault(value);
    const options: ToolErrorOptions = value.includes('-----BEGIN') ? { hint: 'use-key-file' } : {};
    throw new CodecError('KEY_ENV', `${variable} does not hold an encryption key: ${reason}`, options);
  }
  const bytes = Buffer.from(value, 'base64');
  const lookalikes = findPrivateKeyInDer(bytes, (key) => deriveAlternateKeys(key, bytes)) ?? [];
  return {
    digest: createHash('sha256').update(bytes).digest(),
    description: `the ${bytes.length} bytes of the environment variable ${name}`,
    alternateKeys: lookalikes,
  };
}

/** No part of the value goes into the text. */
function describeBase64Fault(value: string): string {
  if (value.includes('-----BEGIN')) {
    return 'it holds PEM text where base64 of the key bytes is needed';
  }
  if (/\s/.test(value)) return 'there are spaces or line breaks in its base64 text, which must be one line';
  if (/^[A-Za-z0-9+/]*$/.test(value)) return 'its base64 text does not end in the "=" that its length requires';
  return 'it is not base64 text';
}

const LABEL = /-----BEGIN ([^\r\n]*?)-----[\s\S]*?-----END \1-----/g;
/** What OpenSSL takes for a private key; other blocks, as certificates and curve parameters, may stand before it. */
const PRIVATE = /^(?:(?:RSA|EC|DSA|ENCRYPTED|ANY) )?PRIVATE KEY$/;

function findPrivateKey(pem: string, subject: string): string {
  const labels: string[] = [];
  for (const [block, label = ''] of pem.matchAll(LABEL)) {
    if (!PRIVATE.test(label)) {
      labels.push(label);
      continue;
    }
    if (label.startsWith('ENCRYPTED') || /Proc-Type:.*ENCRYPTED/.test(block)) {
      const remedy = 'write a copy without one: openssl pkey -in FILE -out COPY';
      throw new CodecError('KEY_PASSPHRASE', `${subject} is protected by a passphrase; ${remedy}`);
    }
    return rewrapPem(block, label, subject);
  }
  throw new CodecError('KEY_FILE', `${subject} holds no private key in PEM form: ${describeMissingKey(pem, labels)}`);
}

const PEM_LINE_CHARS = /.{1,64}/g;

/**
 * The block with its line breaks where OpenSSL needs them: secret stores and environment files give PEM text on one
 * line, with blanks or the two characters \\n in place of line breaks.
 */
function rewrapPem(block: string, label: string, subject: string): string {
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const body = block.slice(begin.length, -end.length).replace(/\\+[nr]|\s/g, '');
  const foreign = /[^A-Za-z0-9+/=]/.exec(body)?.[0];
  if (foreign !== undefined) {
    throw new CodecError('KEY_FILE', `${subject} holds a private key that cannot be read: its text is not base64`);
  }
  return [begin, ...(body.match(PEM_LINE_CHARS) ?? []), end, ''].join('\n');
}

function describeMissingKey(pem: string, labels: readonly string[]): string {
  if (pem.trim() === '') return 'it is empty';
  if (labels.some((label) => label.startsWith('OPENSSH'))) {
    return 'it is a key in the form of OpenSSH, which ssh-keygen -p -m PEM -f FILE rewrites';
  }
  if (labels.length > 0) return `there is only ${labels.map((label) => `a block "${label}"`).join(' and ')}`;
  if (pem.includes('-----BEGIN')) return 'the block in it is not complete';
  if (Buffer.from(pem, 'base64').includes('-----BEGIN')) return 'it is base64 text of a PEM text; decode it first';
  return 'there is no line "-----BEGIN PRIVATE KEY-----"';
}

/** The bytes that OpenSSL's i2d_PrivateKey gives: the form of the key's own type if there is one, else PKCS#8. */
function traditionalForm(key: KeyObject, block: string, subject: string): { der: Buffer; kind: string; form: string } {
  const type = key.asymmetricKeyType ?? 'unknown';
  switch (type) {
    case 'rsa':
      return { der: key.export({ format: 'der', type: 'pkcs1' }), kind: 'RSA', form: 'PKCS#1' };
    case 'ec':
      return { der: sec1Of(key, block), kind: 'EC', form: 'SEC1' };
    case 'rsa-pss':
    case 'ed25519':
    case 'ed448':
    case 'x25519':
    case 'x448':
      return { der: key.export({ format: 'der', type: 'pkcs8' }), kind: type, form: 'PKCS#8' };
    default: {
      // DSA and DH have forms of their own, which node:crypto does not write; another would give another key.
      const text = `${subject} holds a ${type.toUpperCase()} key; use an RSA or EC key`;
      throw new CodecError('KEY_FILE', text);
    }
  }
}

/** OpenSSL keeps the public point as short as it is in the file, while node:crypto always spells it out. */
function sec1Of(key: KeyObject, block: string): Buffer {
  const der = key.export({ format: 'der', type: 'sec1' });
  const content = derContent(der, 0).content;
  const last = lastField(content);
  // [1] BIT STRING, in which the point is 04, X and Y; absent if it is so in the file.
  if (last.tag !== 0xa1) return der;
  const spelledOut = derContent(last.content, 0).content.subarray(1);
  const half = (spelledOut.length + 1) / 2;
  const odd = spelledOut.at(-1)! & 1;
  const body = Buffer.from(block.replace(/-----[^\n]*-----/g, ''), 'base64');
  for (const [form, end] of [
    [2, half],
    [6, spelledOut.length],
  ] as const) {
    const point = Buffer.concat([Buffer.from([form + odd]), spelledOut.subarray(1, end)]);
    if (!body.subarray(-point.length).equals(point)) continue;
    const field = derField(0xa1, derField(0x03, Buffer.concat([Buffer.alloc(1), point])));
    return derField(0x30, Buffer.concat([content.subarray(0, last.at), field]));
  }
  return der;
}

/** The other digests that tools have been seen to make of a private key: of its other DER forms. */
function deriveAlternateKeys(key: KeyObject, used: Uint8Array): { digest: Uint8Array; description: string }[] {
  const forms: [der: Buffer, description: string][] = [
    [key.export({ format: 'der', type: 'pkcs8' }), 'the PKCS#8 form of the same key'],
  ];
  if (key.asymmetricKeyType === 'rsa')
    forms.push([key.export({ format: 'der', type: 'pkcs1' }), 'the PKCS#1 form of the same key']);
  if (key.asymmetricKeyType === 'ec')
    forms.push([key.export({ format: 'der', type: 'sec1' }), 'the SEC1 form of the same key']);
  forms.push([createPublicKey(key).export({ format: 'der', type: 'spki' }), 'the public key']);
  return forms
    .filter(([der]) => !der.equals(used))
    .map(([der, description]) => ({ digest: createHash('sha256').update(der).digest(), description }));
}

function findPrivateKeyInDer<T>(der: Buffer, use: (key: KeyObject) => T): T | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    try {
      return use(createPrivateKey({ key: der, format: 'der', type }));
    } catch {
      // The bytes need not be a key at all.
    }
  }
  return undefined;
}
