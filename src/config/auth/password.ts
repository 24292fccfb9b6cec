import { open } from 'node:fs/promises';
import { systemErrorText } from '../../core/errors.js';
import { OptionError } from '../option-error.js';
import { type OptionMention, type OptionText, optionText } from '../option-text.js';
import type { PasswordText } from '../values/parse-value.js';

/** As in the C tools. */
const MAX_BYTES = 4999;

/**
 * The password that `env:VARIABLE`, `file:PATH` (its first line) or any other text stands for (asbackup.md 1.2).
 * Neither the password nor a text that may be one shows up in an error.
 */
export async function passwordFrom(
  { text, literal }: PasswordText,
  option: OptionMention,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  if (literal) return text;
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length);
    const value = env[name] ?? '';
    if (value === '')
      throw invalidPassword(optionText`${option}: the environment variable ${name} is not set or empty`);
    // Node.js replaces bytes that are not UTF-8.
    if (value.includes('\ufffd'))
      throw invalidPassword(optionText`${option}: the environment variable ${name} is not UTF-8 text`);
    return value;
  }
  if (!text.startsWith('file:')) return text;
  const path = text.slice('file:'.length);
  const head = await readHead(path).catch((error: unknown) => {
    throw invalidPassword(optionText`${option}: cannot read the password from ${path}: ${systemErrorText(error)}`);
  });
  const end = head.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  const line = end < 0 ? head : head.subarray(0, end);
  if (line.length === 0)
    throw invalidPassword(optionText`${option}: the first line of ${path} is empty; the password must stand there`);
  if (line.length >= MAX_BYTES)
    throw invalidPassword(optionText`${option}: the first line of ${path} is too long for a password`);
  const password = line.toString('utf8');
  if (!Buffer.from(password).equals(line))
    throw invalidPassword(optionText`${option}: the first line of ${path} is not UTF-8 text`);
  return password;
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(MAX_BYTES);
    let length = 0;
    // A FIFO gives what it has, not all at once.
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, MAX_BYTES - length);
      length += bytesRead;
      if (bytesRead === 0 || length === MAX_BYTES) return buffer.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

function invalidPassword(text: OptionText): OptionError {
  return new OptionError('OPTION_PASSWORD', text);
}
