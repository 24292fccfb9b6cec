import { quoted } from '../option-error.js';
import { mentions, type OptionText, optionText } from '../option-text.js';
import { secretAgentOptions } from '../schema/general.js';
import type { SecretReference } from './secret-uri.js';
import { SecretError } from './secret-error.js';

/** The protocol of the secret agent (asbackup.md 4.3): a header of magic and body length, then a body of JSON. */
const MAGIC = 0x51dec1cc;
const HEADER_BYTES = 8;
const MAX_BODY_BYTES = 102_400;
const option = mentions(secretAgentOptions);

export function encodeRequest({ resource, key }: SecretReference): Buffer {
  // JSON.stringify escapes, which the C tool does not do.
  const body = JSON.stringify({ ...(resource === undefined ? {} : { Resource: resource }), SecretKey: key });
  const bytes = Buffer.alloc(HEADER_BYTES + Buffer.byteLength(body));
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(bytes.length - HEADER_BYTES, 4);
  bytes.write(body, HEADER_BYTES);
  return bytes;
}

/** Puts together what arrives; refuses as soon as it cannot become an answer. */
export class AnswerReader {
  private bytes = Buffer.alloc(0);

  /** The body, once it is complete. What comes after it does not matter. */
  push(chunk: Buffer): Buffer | undefined {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const bytes = this.bytes;
    if (bytes.length < HEADER_BYTES) return undefined;
    if (bytes.readUInt32BE(0) !== MAGIC) throw new SecretError('SECRET_PROTOCOL', notAnAgent(bytes));
    const length = bytes.readUInt32BE(4);
    if (length > MAX_BODY_BYTES) {
      const text = optionText`its answer of ${length} bytes is longer than ${MAX_BODY_BYTES}`;
      throw new SecretError('SECRET_PROTOCOL', text);
    }
    return bytes.length < HEADER_BYTES + length ? undefined : bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  }

  /** What to say when the connection ends before the answer does. */
  cutOff(secure: boolean): SecretError {
    const { length } = this.bytes;
    // An alert of TLS is shorter than a header.
    if (isTls(this.bytes)) return new SecretError('SECRET_PROTOCOL', notAnAgent(this.bytes));
    const reason =
      length > 0
        ? optionText`in the middle of its answer, after ${length} bytes`
        : secure
          ? optionText`without an answer`
          : optionText`without an answer; it may expect TLS (${option('sa-cafile')})`;
    return new SecretError('SECRET_PROTOCOL', optionText`it closed the connection ${reason}`);
  }
}

/** How an alert or a handshake of TLS begins. */
function isTls(bytes: Buffer): boolean {
  return (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3;
}

function notAnAgent(bytes: Buffer): OptionText {
  return isTls(bytes)
    ? optionText`it expects TLS; give the certificates to trust with ${option('sa-cafile')}`
    : optionText`it is not a secret agent; check ${option('sa-address')} and ${option('sa-port')}`;
}

/** The bytes of the secret. */
export function decodeAnswer(body: Buffer): Buffer {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's own message quotes the text, and the text may hold the secret.
    throw new SecretError('SECRET_PROTOCOL', optionText`its answer is not JSON`);
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw new SecretError('SECRET_PROTOCOL', optionText`its answer is not a JSON object`);
  }
  if ('Error' in answer && typeof answer.Error === 'string') {
    throw new SecretError('SECRET_REFUSED', optionText`it refused: ${quoted(answer.Error)}`);
  }
  if (!('SecretValue' in answer) || typeof answer.SecretValue !== 'string') {
    throw new SecretError('SECRET_PROTOCOL', optionText`its answer has neither a SecretValue nor an Error`);
  }
  return decodeValue(answer.SecretValue);
}

function decodeValue(value: string): Buffer {
  const text = value.replace(/[ \t\r\n\f\v]+$/, '');
  if (text === '') throw new SecretError('SECRET_VALUE', optionText`the secret is empty`);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new SecretError('SECRET_VALUE', optionText`the secret is not in base64 with padding`);
  }
  return Buffer.from(text, 'base64');
}
