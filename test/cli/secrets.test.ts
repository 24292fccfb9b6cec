import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { main as asbackup } from '../../src/cli/asbackup.js';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { main as asrestore } from '../../src/cli/asrestore.js';
import { restoreSchema } from '../../src/config/restore-constraints.js';
import type { CliSession } from '../../src/cli/command.js';
import { loadSettings } from '../../src/config/file/load.js';
import { fileKeys, type OptionTable } from '../../src/config/schema/option-spec.js';
import { Redactor } from '../../src/config/secrets/redactor.js';
import { ToolError } from '../../src/core/errors.js';
import type { Log } from '../../src/core/log.js';
import { errorText } from '../../src/ui/error-text.js';
import { parseCommandLine, withoutConstraints } from '../support/command-line.js';
import { makeCertificate } from '../support/certificates.js';
import { samples } from '../support/option-samples.js';
import { type AgentSettings, startAgent, type TestAgent } from '../support/secret-agent.js';

const agents: TestAgent[] = [];
let root = '';
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterAll(() => rm(root, { recursive: true }));
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

async function agentWith(settings: AgentSettings): Promise<TestAgent> {
  const agent = await startAgent(settings);
  agents.push(agent);
  return agent;
}

async function file(text: string): Promise<string> {
  const path = join(root, `${count++}.conf`);
  await writeFile(path, text);
  return path;
}

type Options = Record<string, unknown> & { log: Log };

/** One whole run, which by default does nothing. */
async function run(name: string, argv: string[], configFiles: string[] = [], work?: (options: Options) => void) {
  const lines: string[] = [];
  let seen: Options | undefined;
  const environment = {
    stdout: (text: string) => void lines.push(text),
    stderr: (text: string) => void lines.push(text),
    configFiles,
    terminal: () => undefined,
    askPassword: () => Promise.resolve('typed'),
    run: (config: object, { log }: CliSession) => {
      seen = { ...config, log };
      work?.(seen);
      return Promise.resolve();
    },
  };
  const code = await (name === 'asbackup' ? asbackup : asrestore)(argv, environment);
  return { code, lines, output: lines.join(''), seen };
}

for (const tool of [withoutConstraints(backupSchema), withoutConstraints(restoreSchema)]) {
  describe(`${tool.name}: secrets in place of values`, () => {
    const read = async (argv: string[], paths: string[], secret: string) => {
      const { settings } = await loadSettings(tool, { files: paths.map((path) => ({ path, required: true })) });
      const line = parseCommandLine(tool, argv, { settings, secrets: new Map([['secrets:r:k', secret]]) });
      if (line.kind !== 'run') throw new Error(`unexpected ${line.kind}`);
      expect(line.pending).toEqual([]);
      return line.values;
    };

    for (const spec of tool.options) {
      const section = spec.section === 'tool' ? tool.name : spec.section;
      if (section === undefined || section === 'secret-agent') continue;
      const { good, bad } = samples(spec.value);
      const key = fileKeys(spec)[0]!;

      it(`${spec.name} takes one, without the end of its line`, async () => {
        const path = await file(`[${section}]\n${key} = "secrets:r:k"`);
        if (spec.argument === 'none') {
          expect((await read([], [path], 'true\n')).has(spec.name)).toBe(true);
          expect((await read([], [path], 'false')).has(spec.name)).toBe(false);
          await expect(read([], [path], 'yes')).rejects.toThrow(
            `${path}:2: the value of secrets:r:k is not valid for ${key}: expected true or false`,
          );
          return;
        }
        expect(spec.secrets).toBe(true);
        for (const [text, value] of good) {
          for (const end of ['', '\n', '\r\n']) {
            // PEM text is content and stays as it is.
            const expected = spec.value.type === 'pem' ? { content: text + end } : value;
            const fromLine = await read([`--${spec.name}=secrets:r:k`], [], text + end);
            expect(fromLine.get(spec.name)).toEqual(expected);
            const fromFile = await read([], [path], text + end);
            expect(fromFile.get(spec.name)).toEqual(expected);
          }
        }
      });

      it(`${spec.name} does not tell one that it cannot use`, async () => {
        for (const text of bad.filter((each) => each.length > 2)) {
          const path = await file(`[${section}]\n${key} = "secrets:r:k"`);
          for (const [argv, paths, start] of [
            [[`--${spec.name}=secrets:r:k`], [], `The value of secrets:r:k is not valid for --${spec.name}`],
            [[], [path], `${path}:2: the value of secrets:r:k is not valid for ${key}`],
          ] as [string[], string[], string][]) {
            const error: unknown = await read(argv, paths, text).catch((reason: unknown) => reason);
            expect(errorText(error, 'cli').startsWith(start), errorText(error, 'cli')).toBe(true);
            // "101" is told neither, but the bounds are.
            if (spec.value.type !== 'integer') expect(errorText(error, 'cli')).not.toContain(text);
          }
        }
      });
    }
  });
}

describe('where the agent is', () => {
  const secrets = { 'r:ns': 'from-agent\n' };

  it('is told by the command line', async () => {
    const agent = await agentWith({ secrets });
    const base = ['-n', 'secrets:r:ns', '-d', 'd'];
    for (const words of [
      ['--sa-address', agent.address],
      ['--sa-port', String(agent.port)],
      ['--sa-address', 'localhost', '--sa-port', String(agent.port)],
      ['--sa-address', '127.0.0.1:1', '--sa-port', String(agent.port)],
    ]) {
      const { seen, output } = await run('asbackup', [...base, ...words]);
      expect(seen?.namespace, output).toBe('from-agent');
    }
  });

  it('is told by a file, and the command line wins, for the secrets of files too (fault 20)', async () => {
    const [right, wrong] = [await agentWith({ secrets }), await agentWith({})];
    const tool = '[asbackup]\nnamespace = "secrets:r:ns"\ndirectory = "d"\n';
    const told = await file(`${tool}[secret-agent]\nsa-address = "${right.address}"\nsa-port = "1"`);
    expect((await run('asbackup', [], [told])).seen?.namespace).toBe('from-agent');
    const other = await file(
      `${tool}[secret-agent]\nsa-address = "127.0.0.1"\nsa-port = ${wrong.port}\nsa-timeout = 0`,
    );
    const words = ['--sa-address', right.address, '--sa-timeout', '2000'];
    expect((await run('asbackup', words, [other])).seen?.namespace).toBe('from-agent');
    const port = ['--sa-port', String(right.port), '--sa-timeout', '2000'];
    expect((await run('asbackup', port, [other])).seen?.namespace).toBe('from-agent');
    // A file that comes later than the secrets counts as well.
    const later = await file(`[secret-agent]\nsa-address = "${right.address}"\nsa-timeout = 2000`);
    expect((await run('asbackup', [], [other, later])).seen?.namespace).toBe('from-agent');
    expect(wrong.requests).toEqual([]);
  });

  it('is named with the place when it is not as it must be', async () => {
    const path = await file('[secret-agent]\nsa-address = "a:b:c"\n[asbackup]\nnamespace = "secrets:r:ns"');
    const { code, output } = await run('asbackup', ['-d', 'd'], [path]);
    expect(code).toBe(1);
    expect(output).toContain(`${path}:2: invalid value "a:b:c" for --sa-address: an IPv6 address with a port must`);
  });

  it('is not blamed on a file that the command line overrides', async () => {
    const path = await file('[secret-agent]\nsa-address = "a"\n[asbackup]\nnamespace = "secrets:r:ns"');
    const { output } = await run('asbackup', ['-d', 'd', '--sa-address', 'x:y:z'], [path]);
    expect(output).toContain('Invalid value "x:y:z" for --sa-address');
    expect(output).not.toContain(path);
  });

  it('does not matter when no secret is asked for', async () => {
    const { code } = await run('asbackup', ['-n', 'n', '-d', 'd', '--sa-address', 'a:b:c']);
    expect(code).toBe(0);
  });

  it('without certificates that can be read is refused although no secret is asked for', async () => {
    const { code, output } = await run('asbackup', ['-n', 'n', '-d', 'd', '--sa-cafile', 'gone']);
    expect(code).toBe(1);
    expect(output).toContain('Cannot read the certificates of --sa-cafile, gone: no such file or directory');
  });
});

describe('nobody is asked', () => {
  it.each<[string, string[], string]>([
    ['when the line is wrong', ['-n', 'secrets:r:ns', '-d', 'd', '-p', '0'], 'Invalid value "0" for -p'],
    ['when a rule is broken', ['-n', 'secrets:r:ns', '-d', 'd', '-o', 'o'], 'Only one of'],
    ['for a reference without a key', ['-n', 'secrets:', '-d', 'd'], 'Invalid value "secrets:" for -n (--namespace):'],
  ])('%s', async (_, argv, text) => {
    const agent = await agentWith({ secrets: { 'r:ns': 'x' } });
    const { code, output } = await run('asbackup', [...argv, '--sa-address', agent.address]);
    expect([code, output]).toEqual([1, expect.stringContaining(text)]);
    expect(agent.requests).toEqual([]);
  });

  it('for a value that does not count', async () => {
    const agent = await agentWith({ secrets: { 'r:ns': 'x' } });
    const path = await file('[asbackup]\nnamespace = "secrets:r:gone"\n[cluster]\nuser = "secrets:r:gone"');
    const later = await file('[cluster]\nuser = "me"');
    const argv = ['-n', 'secrets:r:gone', '-n', 'secrets:r:ns', '-d', 'd', '-p', 'secrets:r:gone', '-p', '5'];
    const { seen, output } = await run('asbackup', [...argv, '--sa-address', agent.address], [path, later]);
    expect(seen?.namespace, output).toBe('x');
    expect(agent.requests).toEqual(['{"Resource":"r","SecretKey":"ns"}']);
  });
});

describe('values from the agent are values like any other', () => {
  it('keep their place among those that add up', async () => {
    const agent = await agentWith({ secrets: { 'r:sets': 'b,c' } });
    const argv = ['-n', 'n', '-d', 'd', '-s', 'a', '-s', 'secrets:r:sets', '-s', 'd', '--sa-address', agent.address];
    expect((await run('asbackup', argv)).seen?.sets).toEqual(['a', 'b', 'c', 'd']);
  });

  it('break rules', async () => {
    const agent = await agentWith({ secrets: { 'r:sets': 'b,c', 'r:empty': '\n' } });
    const base = ['-d', 'd', '--sa-address', agent.address];
    const sets = await run('asbackup', [...base, '-n', 'n', '-s', 'secrets:r:sets', '-f', 'kwGRRv8=']);
    expect(sets.output).toContain('--filter-exp works with at most one set');
    const empty = await run('asbackup', [...base, '-n', 'secrets:r:empty']);
    expect(empty.output).toContain('No namespace specified');
    const throttle = await run('asrestore', [...base, '--nice', 'secrets:r:sets']);
    expect(throttle.output).toContain('The value of secrets:r:sets is not valid for --nice');
  });

  it('fail with one line that says which', async () => {
    const agent = await agentWith({});
    const { lines } = await run('asbackup', ['-n', 'secrets:r:ns', '-d', 'd', '--sa-address', agent.address]);
    expect(lines).toEqual([
      expect.stringMatching(
        /\[ERR\] .* Cannot get secrets:r:ns from the secret agent at 127\.0\.0\.1:\d+: it refused: "unknown secret \\"ns\\""\.\n$/,
      ),
    ]);
  });
});

/** Says all it knows, as a careless run, a library's error or a stack trace might. */
function tellEverything(options: Options): never {
  const { log, ...rest } = options;
  const all = JSON.stringify({ ...rest, signal: undefined }, (key, value: unknown) =>
    key === 'log' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
  );
  log.info(all);
  log.verbose(all);
  for (const value of texts(rest)) {
    log.info(`Cannot open ${value}`);
    log.error(JSON.stringify({ value }));
  }
  throw new ToolError('SAYS_TOO_MUCH', all, { cause: new Error(all) });
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...value.split('\n').filter((line) => line !== '')];
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.values(value).flatMap((each) => texts(each));
}

describe('no secret is ever seen', () => {
  const ca = makeCertificate({ name: 'Test CA', isCa: true });
  const client = makeCertificate({ name: 'client', issuer: ca });
  const plain: Record<string, string> = {
    host: 'host-hunter2.example:3000,[::1]:4',
    user: 'user-hunter2\n',
    password: 'pass "word" \\ hunter2\n',
    'tls-name': 'tls-hunter2',
    'tls-cafile': ca.cert,
    'tls-certfile': client.cert,
    'tls-keyfile': client.key,
    namespace: 'ns-hunter2\n',
    'bin-list': 'b-hunter2, c-hunter2',
    directory: '/tmp/dir-hunter2/',
    'encryption-key-env': 'VAR_hunter2',
    machine: './machine-hunter2',
  };
  const secrets: Record<string, Record<string, string>> = {
    asbackup: { ...plain, set: 'hunter2,"s,hunter2"', 'output-file-prefix': 'pre-hunter2' },
    asrestore: { ...plain, 'set-list': 'hunter2,s-hunter2', namespace: 'ns-hunter2,to-hunter2' },
  };
  const visible = (output: string) =>
    [
      'hunter2',
      ...`${client.key}${ca.cert}`.split('\n').filter((line) => line !== '' && !line.startsWith('---')),
    ].filter((text) => output.includes(text));

  it.each(['asbackup', 'asrestore'])('in what %s prints, from the command line', async (name) => {
    process.env.VAR_hunter2 = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
    const mine = secrets[name]!;
    const agent = await agentWith({ secrets: keyed(mine) });
    const argv = Object.keys(mine).map((option) => `--${option}=secrets:r:${option}`);
    const fixed = ['--tls-enable', '--encrypt=aes128', '-v', '--sa-address', agent.address];
    const { output, seen } = await run(name, [...fixed, ...argv], [], tellEverything);
    expect(seen, output).toBeDefined();
    expect(JSON.stringify(seen?.cluster)).toContain('hunter2');
    expect(agent.requests).toHaveLength(argv.length);
    expect(output).toContain('<secrets:r:namespace>');
    expect(visible(output)).toEqual([]);
  });

  it.each(['asbackup', 'asrestore'])('in what %s prints, from a file', async (name) => {
    const mine = secrets[name]!;
    const agent = await agentWith({ secrets: keyed(mine) });
    const table: OptionTable = name === 'asbackup' ? backupSchema.options : restoreSchema.options;
    const lines = (section: string) =>
      Object.keys(mine)
        .filter((option) => table.find((spec) => spec.name === option)!.section === section)
        .map((option) => `${option} = "secrets:r:${option}"`);
    const path = await file(
      [
        '[cluster]\ntls-enable = true',
        ...lines('cluster'),
        `[${name}]\nencrypt = "aes128"\nverbose = true`,
        ...lines('tool'),
        `[secret-agent]\nsa-address = "${agent.address}"`,
      ].join('\n'),
    );
    const { output, seen } = await run(name, [], [path], tellEverything);
    expect(seen, output).toBeDefined();
    expect(agent.requests).toHaveLength(Object.keys(mine).length);
    expect(visible(output)).toEqual([]);
  });

  it('in errors about secrets that cannot be used', async () => {
    const broken: [string, string][] = [
      ['tls-cafile', 'hunter2 is no certificate'],
      ['tls-keyfile', '-----BEGIN PRIVATE KEY-----\nhunter2hunter2hunter2\n-----END PRIVATE KEY-----'],
      ['tls-protocols', 'hunter2'],
      ['tls-cipher-suite', 'hunter2'],
      ['tls-keyfile-password', 'env:hunter2'],
      ['tls-capath', '/hunter2'],
      ['auth', 'hunter2'],
      ['encryption-key-file', 'hunter2'],
      ['encryption-key-env', 'hunter2'],
      ['namespace', 'hunter2'.repeat(9)],
      ['set', `"hunter2`],
      ['host', 'hunter2:hunter2:hunter2:hunter2'],
      ['node-list', 'hunter2'],
      ['partition-list', 'hunter2'],
      ['modified-after', 'hunter2'],
      ['port', 'hunter2'],
      ['sleep-between-retries', 'hunter2'],
    ];
    await writeFile(join(root, 'ca.pem'), ca.cert);
    for (const [option, secret] of broken) {
      const agent = await agentWith({ secrets: { 'r:k': secret } });
      const more = option.startsWith('tls') ? ['--tls-enable'] : option.startsWith('enc') ? ['--encrypt=aes128'] : [];
      if (/protocols|suite|keyfile/.test(option)) more.push('--tls-cafile', join(root, 'ca.pem'));
      const base = [...(option === 'namespace' ? [] : ['-n', 'n']), '-d', 'd', '-v', '-U', 'me', '-P', 'x'];
      const argv = [...base, ...more, `--${option}=secrets:r:k`, '--sa-address', agent.address];
      const { output } = await run('asbackup', argv, [], tellEverything);
      expect(agent.requests, output).toHaveLength(1);
      expect(output, option).not.toMatch(/hunter2/);
    }
  });

  it('in messages about agents that answer something else', async () => {
    const agent = await agentWith({ answer: (socket) => void socket.end('SecretValue hunter2') });
    const argv = ['-n', 'secrets:r:ns', '-d', 'd', '-v', '--sa-address', agent.address];
    expect((await run('asbackup', argv)).output).not.toContain('hunter2');
  });
});

function keyed(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`r:${key}`, value]));
}

describe('what is taken out of a line', () => {
  it('is text of at least three characters, the longest first', () => {
    const redactor = new Redactor();
    expect(redactor.clean('nothing to hide')).toBe('nothing to hide');
    redactor.add('secrets:a', 'abc', { type: 'text' });
    redactor.add('secrets:b', 'abc.*def', { type: 'text' });
    redactor.add('secrets:c', 'xy', { type: 'text' });
    redactor.add('secrets:d', '3000', { type: 'integer', min: 0, max: 9999 });
    redactor.add('secrets:e', 'one\ntwo"', { type: 'text' });
    expect(redactor.clean('abc abc.*def xy 3000 one two" {"e":"one\\ntwo\\""}')).toBe(
      '<secrets:a> <secrets:b> xy 3000 <secrets:e> <secrets:e> {"e":"<secrets:e>"}',
    );
  });
});

it('reads the sample in full', async () => {
  // What people start from must not ask an agent for anything.
  const path = new URL('../../conf/astools.conf.sample', import.meta.url).pathname;
  expect(await readFile(path, 'utf8')).toContain('secrets:');
  expect((await run('asbackup', ['-n', 'n', '-d', 'd'], [path])).code).toBe(0);
  expect((await run('asrestore', ['-d', 'd'], [path])).code).toBe(0);
});
