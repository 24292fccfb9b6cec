import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveSecurity, type SecurityValues } from '../../../src/config/auth/connection-security.js';
import { needsSecurity } from '../../../src/config/auth/security-values.js';
import { passwordFrom } from '../../../src/config/auth/password.js';
import { processTitle } from '../../../src/cli/process-title.js';
import { readHidden } from '../../../src/cli/prompt.js';
import { tokenize } from '../../../src/cli/args/tokenizer.js';
import { mentions, type OptionText, renderText } from '../../../src/config/option-text.js';
import { asbackupOptions } from '../../../src/config/schema/backup.js';
import { parseHosts, toSeeds } from '../../../src/config/values/hosts.js';

const dir = mkdtempSync(join(tmpdir(), 'asbackup-access-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(text: string | Buffer): string {
  const path = join(dir, `file${Math.random()}`);
  writeFileSync(path, text);
  return path;
}

const NONE: SecurityValues = {
  user: undefined,
  password: undefined,
  passwordGiven: false,
  auth: 'INTERNAL',
  tlsEnable: false,
  tlsName: undefined,
  caFile: undefined,
  caPath: undefined,
  protocols: undefined,
  cipherSuite: undefined,
  crlCheck: false,
  crlCheckAll: false,
  blacklist: undefined,
  logSessionInfo: false,
  keyFile: undefined,
  keyPassword: undefined,
  keyPasswordGiven: false,
  certFile: undefined,
};

const OPTION = mentions(asbackupOptions)('password');

describe('forms of a password', () => {
  it('text, env: and file:', async () => {
    expect(await passwordFrom({ text: 'text', literal: false }, OPTION, {})).toBe('text');
    expect(await passwordFrom({ text: '', literal: false }, OPTION, {})).toBe('');
    expect(await passwordFrom({ text: 'env:A', literal: false }, OPTION, { A: ' pw ' })).toBe(' pw ');
    expect(await passwordFrom({ text: `file:${file('pä w\r\nmore')}`, literal: false }, OPTION, {})).toBe('pä w');
    expect(await passwordFrom({ text: `file:${file('pw')}`, literal: false }, OPTION, {})).toBe('pw');
  });

  it.each([
    ['env:NOT', 'the environment variable NOT is not set or empty'],
    ['file:/nowhere', 'cannot read the password from /nowhere: no such file or directory (ENOENT)'],
    [`file:${file('\nx')}`, 'is empty; the password must stand there'],
    [`file:${file('x'.repeat(5000))}`, 'is too long for a password'],
    [`file:${file(Buffer.from('caf\xe9', 'latin1'))}`, 'is not UTF-8 text'],
    ['env:LATIN', 'the environment variable LATIN is not UTF-8 text'],
  ])('%s', async (text, reason) => {
    // As Node.js shows it.
    const env = { LATIN: 'caf\ufffd' };
    await expect(passwordFrom({ text: text, literal: false }, OPTION, env)).rejects.toThrow(reason);
  });
});

class Keys extends EventEmitter {
  raw = false;
  setRawMode(on: boolean): void {
    this.raw = on;
  }
  setEncoding(): void {}
  resume(): void {}
  pause(): void {}
}

describe('the prompt', () => {
  function ask(keys: Keys): { shown: () => string; typed: Promise<string> } {
    let shown = '';
    const typed = readHidden('Enter Password: ', keys, (text) => (shown += text));
    return { shown: () => shown, typed };
  }

  it('shows nothing of what is typed, and takes corrections', async () => {
    const keys = new Keys();
    const { shown, typed } = ask(keys);
    expect(keys.raw).toBe(true);
    keys.emit('data', 'wrong\x15hus');
    keys.emit('data', 'xx\x7f\bh\x1b-ü\r');
    expect(await typed).toBe('hush-ü');
    expect(shown()).toBe('Enter Password: \n');
    expect(keys.raw).toBe(false);
    expect(keys.listenerCount('data')).toBe(0);
  });

  it.each(['\x03', 'abc\x03', '\x04'])('is left with %j', async (text) => {
    const keys = new Keys();
    const { typed } = ask(keys);
    keys.emit('data', text);
    await expect(typed).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(keys.raw).toBe(false);
  });
});

describe('the list of processes', () => {
  it.each([
    [['-n', 'test', '-U', 'bob', '-P', 'hush'], 'asbackup -n test -U bob -P ***'],
    [['-Phush', '-n', 'test'], 'asbackup -P *** -n test'],
    [['-vPhush'], 'asbackup --verbose -P ***'],
    [['--pass=hush', '--tls-keyfile-password', 'hush'], 'asbackup --password *** --tls-keyfile-password ***'],
    [['-Phush', '--unknown=hush'], 'asbackup -P *** ?'],
  ])('%j', (argv, title) => {
    expect(processTitle('asbackup', tokenize(argv, asbackupOptions)).replace('-v ', '--verbose ')).toBe(title);
  });

  it.each([
    [['-n', 'test'], 'asbackup -n test'],
    [['-P', '-n', 'test'], 'asbackup -P -n test'],
    [['-P', 'env:A'], 'asbackup -P env:A'],
    [['-P', 'secrets:a:b'], 'asbackup -P secrets:a:b'],
  ])('%j shows all of itself', (argv, title) => {
    expect(processTitle('asbackup', tokenize(argv, asbackupOptions))).toBe(title);
  });
});

describe('access', () => {
  async function resolve(values: Partial<SecurityValues>, answers: string[] = []) {
    const prompts: string[] = [];
    const notes: string[] = [];
    const access = await resolveSecurity(
      { ...NONE, ...values },
      {
        ask: (prompt) => {
          prompts.push(prompt);
          return Promise.resolve(answers.shift() ?? '');
        },
        env: { A: 'hush' },
        note: (text: OptionText) => notes.push(renderText(text, 'cli')),
      },
    );
    return { access, prompts, notes };
  }

  it('nothing is asked of, or loaded for, who wants nothing', () => {
    expect(needsSecurity(NONE)).toBe(false);
    expect(needsSecurity({ ...NONE, user: 'bob' })).toBe(true);
    expect(needsSecurity({ ...NONE, auth: 'PKI' })).toBe(true);
    expect(needsSecurity({ ...NONE, caPath: '/x' })).toBe(true);
  });

  it('a user without a password is asked, once', async () => {
    const { access, prompts } = await resolve({ user: 'bob' }, ['secret']);
    expect(prompts).toEqual(['Enter Password: ']);
    expect(access).toEqual({
      auth: {
        mode: 'INTERNAL',
        user: 'bob',
        credential: '$2a$10$7EqJtq98hPqEX7fNZaFWoOu7NRZ0i7m5NbgPBEsHTCoJzZDEKQRb.',
      },
    });
  });

  it('an empty password is one', async () => {
    const { access, prompts } = await resolve({
      user: 'bob',
      password: { text: '', literal: false },
      passwordGiven: true,
    });
    expect(prompts).toEqual([]);
    expect(access.auth).toMatchObject({ credential: '$2a$10$7EqJtq98hPqEX7fNZaFWoOLCkFexA7A9eoJ0Ew.mTDdk.E60D.9zS' });
  });

  it('the clear password goes along only where the server must see it', async () => {
    const { access } = await resolve({
      user: 'bob',
      password: { text: 'env:A', literal: false },
      auth: 'EXTERNAL_INSECURE',
    });
    expect(access.auth).toMatchObject({ mode: 'EXTERNAL_INSECURE', password: 'hush' });
  });

  it('options without effect are named', async () => {
    expect((await resolve({ passwordGiven: true, password: { text: 'x', literal: false } })).notes).toEqual([
      'Warning: --password has no effect without --user',
    ]);
    expect((await resolve({ tlsName: 'n', crlCheck: true })).notes).toEqual([
      'Warning: without --tls-enable there is no effect of --tls-name, --tls-crl-check',
    ]);
  });

  it('every host without a TLS name gets that of --tls-name, and no other (asbackup.md fault 39)', () => {
    expect(toSeeds(parseHosts('a,b:own:1,c:2'), 3000, 'shared')).toEqual([
      { host: 'a', port: 3000, tlsName: 'shared' },
      { host: 'b', port: 1, tlsName: 'own' },
      { host: 'c', port: 2, tlsName: 'shared' },
    ]);
  });
});
