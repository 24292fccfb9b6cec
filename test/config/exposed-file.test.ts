import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveSecurity, type SecurityValues } from '../../src/config/auth/connection-security.js';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { toCodecConfig } from '../../src/config/codec-config.js';
import { isReadableByEverybody } from '../../src/config/exposed-file.js';
import { type OptionText, renderText } from '../../src/config/option-text.js';
import { resolve } from '../../src/config/resolve.js';
import { toLogEvent } from '../../src/core/log.js';
import { toGiven, tokenize } from '../../src/cli/args/tokenizer.js';

const root = mkdtempSync(join(tmpdir(), 'exposed-'));
afterAll(() => rmSync(root, { recursive: true }));

function file(name: string, mode: number, text = ''): string {
  const path = join(root, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('a file that every user may read', () => {
  it('is told by its permissions, through links, and is a regular file', () => {
    expect(isReadableByEverybody(file('a', 0o644))).toBe(true);
    expect(isReadableByEverybody(file('b', 0o640))).toBe(false);
    symlinkSync(join(root, 'a'), join(root, 'link'));
    expect(isReadableByEverybody(join(root, 'link'))).toBe(true);
    mkdirSync(join(root, 'd'), { mode: 0o755 });
    expect(isReadableByEverybody(join(root, 'd'))).toBe(false);
    expect(isReadableByEverybody(join(root, 'gone'))).toBe(false);
  });

  it.each([
    [0o644, 1],
    [0o600, 0],
  ])('with a password, mode %o, is warned about %i time(s)', async (mode, warnings) => {
    const notes: string[] = [];
    const password = { text: `file:${file('password', mode, 'pw')}`, literal: false };
    const values = { user: 'u', password, passwordGiven: true, auth: 'INTERNAL', tlsEnable: false } as SecurityValues;
    const note = (text: OptionText): void => void notes.push(renderText(text, 'cli'));
    await resolveSecurity(values, { ask: () => Promise.resolve(''), env: {}, note });
    const text = `Warning: the permissions of ${join(root, 'password')}, the file of --password, let every user read it`;
    expect(notes.filter((line) => line.startsWith(text))).toHaveLength(warnings);
  });

  it.each([
    [0o604, 1],
    [0o600, 0],
  ])('with an encryption key, mode %o, is warned about %i time(s)', (mode, warnings) => {
    const key = new URL('../fixtures/backups/key.pem', import.meta.url);
    const path = join(root, `key${mode}.pem`);
    copyFileSync(key, path);
    chmodSync(path, mode);
    const lines: string[] = [];
    const info = (line: Parameters<typeof toLogEvent>[0]): void => void lines.push(toLogEvent(line).text);
    const log = { info, error: info, verbose: () => undefined };
    const values = { compress: undefined, encrypt: 'aes128', keyFile: { path }, keyVariable: undefined };
    toCodecConfig(values, { log, signal: new AbortController().signal });
    expect(lines.filter((line) => line.includes(`encryption key file ${path} let every user read it`))).toHaveLength(
      warnings,
    );
  });

  it('with a password in clear is named with its line, and not where the password is elsewhere', async () => {
    const notes = async (password: string, mode: number): Promise<string[]> => {
      const path = file('astools.conf', mode, `[cluster]\nuser = "u"\npassword = "${password}"\n`);
      const argv = ['-n', 'n', '-d', 'd', '--only-config-file', path];
      const given = toGiven(tokenize(argv, backupSchema.options));
      return (await resolve(backupSchema, { given, configFiles: [] })).notes.map((note) => renderText(note, 'cli'));
    };
    expect(await notes('secret', 0o644)).toEqual([
      expect.stringMatching(
        /astools\.conf:3 holds --password in clear, and the permissions of the file let every user/,
      ),
    ]);
    expect(await notes('secret', 0o600)).toEqual([]);
    expect(await notes('file:/run/password', 0o644)).toEqual([]);
  });
});
