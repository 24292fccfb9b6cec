/** Passwords, keys and values of the secret agent, of any size and from any source, searched for in every output. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/aerospike/protocol/credential.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { UserDirectory } from '../../src/node/security.js';
import { TestData } from '../crash-test/data.js';
import { startTool, type EndedRun, type Run, type ToolRunOptions } from '../crash-test/tool-run.js';
import { startBackup, type Attack, type AttackContext } from './attack.js';
import { startFakeAgent } from './fake-agent.js';
import { collectTexts, findLeaks, makeSecret, readProcessTitle } from './leaks.js';

const HANG_MS = 40_000;
/** Short, longer than a line, longer than a quote in a message, and longer than a pattern can be. */
const SIZES = [9, 60, 4000, 70_000];
/** The first line of a password file. */
const MAX_FILE_PASSWORD = 4998;

type Tool = 'asbackup' | 'asrestore';

interface Given {
  args: string[];
  env?: Record<string, string>;
}

/** How a password reaches the tools. Files are in `folder`. */
type Source = (password: string, folder: string, agentAddress: string) => Given;

const SOURCES: Readonly<Record<string, Source>> = {
  'on the command line': (password) => ({ args: ['--no-config-file', `--password=${password}`] }),
  'in the environment': (password) => ({
    args: ['--no-config-file', '-Penv:PLANTED'],
    env: { PLANTED: password },
  }),
  'in a file': (password, folder) => {
    const path = join(folder, 'password');
    writeFileSync(path, `${password}\n`, { mode: 0o600 });
    return { args: ['--no-config-file', `-Pfile:${path}`] };
  },
  'in a configuration file': (password, folder) => {
    const path = join(folder, 'tools.conf');
    writeFileSync(path, `[cluster]\npassword = ${JSON.stringify(password)}\n`, { mode: 0o600 });
    return { args: ['--only-config-file', path] };
  },
  'from the secret agent': (_, _folder, agentAddress) => ({
    args: ['--no-config-file', '-Psecrets:pool:password', ...agentAt(agentAddress)],
  }),
};

/** It answers from this process, which may be busy. */
function agentAt(address: string): string[] {
  return ['--sa-address', address, '--sa-timeout', String(HANG_MS)];
}

/** What was planted or belongs to the data, not to what is told about it. */
const NOT_OUTPUT = ['password', 'tools.conf', 'input.asb'];

/** Backups and restores with the right and with a wrong password, with everything that can be logged. */
function plantPassword(where: string, give: Source): Attack {
  return {
    name: `password ${where}, of any size, is in no output of either tool`,
    run: async (context) => {
      const problems: string[] = [];
      const agent = await startFakeAgent();
      try {
        for (const [i, length] of SIZES.entries()) {
          const size = where === 'in a file' ? Math.min(length, MAX_FILE_PASSWORD) : length;
          problems.push(...(await tryPassword(context, give, agent, size, i % 2 === 0)));
        }
      } finally {
        await agent.close();
      }
      return problems;
    },
  };
}

async function tryPassword(
  { random, folder }: AttackContext,
  give: Source,
  agent: Awaited<ReturnType<typeof startFakeAgent>>,
  size: number,
  asText: boolean,
): Promise<string[]> {
  const password = makeSecret(random, size);
  const key = Buffer.from(makeSecret(random, size)).toString('base64');
  const credential = await hashPassword(password);
  // The salt is the same for all, as every server has to compute the same hash.
  const secrets = [password, key, credential.slice(29)];
  const security = new UserDirectory({ users: [{ name: 'bob', credential }] });
  const cluster = await InMemoryCluster.start({ security });
  try {
    new TestData(cluster.store('test'), random, 300);
    const problems: string[] = [];
    const path = join(folder, String(size));
    const log = ['-U', 'bob', '-v', ...(asText ? [] : ['--log-json'])];
    const coding = ['-y', 'aes256', '--encryption-key-env', 'PLANTED_KEY'];
    const start = (given: string, tool: Tool, args: readonly string[]): Run => {
      agent.values = { password: given };
      const { args: login, env } = give(given, folder, agent.address);
      const options: ToolRunOptions = { hangMs: HANG_MS, keepOutput: true, env: { ...env, PLANTED_KEY: key } };
      return startTool(tool, ['-p', String(cluster.seed.port), ...log, ...login, ...coding, ...args], options);
    };
    const check = async (run: Run, code: number, title = ''): Promise<void> => {
      const ended = await run.done;
      if (ended.code !== code) problems.push(`exit code ${ended.code ?? 'null'}: ${ended.log.slice(-200)}`);
      const texts = collectTexts(ended, folder, [...NOT_OUTPUT, `${size}.asb`]);
      problems.push(...findLeaks(secrets, { ...texts, 'the list of processes': title }));
    };
    const saving = ['-n', 'test', '-o', `${path}.asb`, '--machine', `${path}.machine`];
    const loading = ['-n', 'test,restored', '-i', `${path}.asb`];
    const backup = start(password, 'asbackup', saving);
    await backup.until(/Starting backup for/);
    await check(backup, 0, readProcessTitle(backup));
    if (asText) {
      const restore = start(password, 'asrestore', loading);
      await restore.until(/Restoring records/);
      await check(restore, 0, readProcessTitle(restore));
    }
    // Only the first 72 bytes of a password count.
    const wrong = `x${password}`;
    const failing = asText ? start(wrong, 'asbackup', [...saving, '-r']) : start(wrong, 'asrestore', loading);
    await check(failing, 1);
    return problems;
  } finally {
    await cluster.stop();
  }
}

const killedRun: Attack = {
  name: 'password and key are in no state file and no lock that a killed backup leaves',
  run: async ({ random, folder }) => {
    const secrets = SIZES.map((size) => makeSecret(random, Math.min(size, 4000)));
    const [password = '', key = ''] = secrets;
    const security = new UserDirectory({ users: [{ name: 'bob', credential: await hashPassword(password) }] });
    const cluster = await InMemoryCluster.start({ security });
    try {
      new TestData(cluster.store('test'), random, 3000);
      const directory = join(folder, 'backup');
      const args = ['-U', 'bob', `-P${password}`, '-d', directory, '-L', '300', '--checkpoint-interval', '1'];
      const coding = ['-y', 'aes256', '--encryption-key-env', 'PLANTED_KEY'];
      const run = startBackup(cluster.seed.port, [...args, ...coding], {
        env: { PLANTED_KEY: Buffer.from(key).toString('base64') },
      });
      await run.until(() => existsSync(join(directory, 'test.asb.state')));
      const title = readProcessTitle(run);
      run.child.kill('SIGKILL');
      const ended = await run.done;
      if (!existsSync(join(directory, 'test.asb.state'))) return [`there is no state: ${ended.log.slice(-200)}`];
      return findLeaks([password, key], { ...collectTexts(ended, folder, []), 'the list of processes': title });
    } finally {
      await cluster.stop();
    }
  },
};

/** Options whose values end up in names of files, hosts and messages. */
const MISPLACED: readonly (readonly string[])[] = [
  ['-n', 'VALUE', '-d', 'out'],
  ['-n', 'test', '-d', 'VALUE'],
  ['-n', 'test', '-o', 'VALUE'],
  ['-n', 'test', '-d', 'out', '-s', 'VALUE'],
  ['-n', 'test', '-d', 'out', '-B', 'VALUE'],
  ['-n', 'test', '-d', 'out', '-X', 'VALUE'],
  ['-n', 'test', '-d', 'out', '-f', 'VALUE'],
  ['-n', 'test', '-d', 'out', '-a', 'VALUE'],
  ['-n', 'test', '-d', 'out', '--state-file-dst', 'VALUE'],
  ['-n', 'test', '-d', 'out', '--continue', 'VALUE'],
  ['-n', 'test', '-d', 'out', '-y', 'aes128', '--encryption-key-file', 'VALUE'],
  ['-n', 'test', '-d', 'out', '--tls-enable', '--tls-cafile', 'VALUE'],
  ['-n', 'test', '-d', 's3://bucket/x', '--s3-region', 'VALUE', '--s3-endpoint-override', 'http://127.0.0.1:1'],
];

const misplacedValues: Attack = {
  name: 'value of the secret agent, of any size and given to any option, is in no output',
  run: async ({ random, folder }) => {
    const agent = await startFakeAgent();
    const cluster = await InMemoryCluster.start();
    try {
      const problems: string[] = [];
      for (const [i, options] of MISPLACED.entries()) {
        const secret = makeSecret(random, random.pick(SIZES.slice(1)));
        agent.values = { planted: secret };
        const args = options.map((word) => (word === 'VALUE' ? 'secrets:pool:planted' : word));
        const where = join(folder, String(i));
        const placed = args.map((word) => (word === 'out' ? where : word));
        const common = ['--no-config-file', '-p', String(cluster.seed.port), ...agentAt(agent.address), '-v'];
        const json = random.below(2) === 0 ? [] : ['--log-json'];
        const run = await startTool('asbackup', [...common, ...json, ...placed], {
          hangMs: HANG_MS,
          keepOutput: true,
          // A value may be the name of what is written.
          cwd: folder,
        }).done;
        problems.push(...findLeaks([secret], outputs(run)).map((text) => `${options.join(' ')}: ${text}`));
        if (run.signal !== null) problems.push(`${options.join(' ')}: ended by ${run.signal}`);
      }
      return problems;
    } finally {
      await cluster.stop();
      await agent.close();
    }
  },
};

function outputs({ log, output }: EndedRun): Record<string, string> {
  return { 'the log': log, 'standard output': output };
}

/** A configuration file with mistakes in or around the line of the password. */
const MISTAKES: Readonly<Record<string, (password: string) => string>> = {
  'no quotes': (password) => `[cluster]\npassword = ${password}\n`,
  'one quote': (password) => `[cluster]\npassword = "${password}\n`,
  'a list': (password) => `[cluster]\npassword = [${JSON.stringify(password)}]\n`,
  'a table': (password) => `[cluster.password]\nx = ${JSON.stringify(password)}\n`,
  twice: (password) => `[cluster]\npassword = ${JSON.stringify(password)}\npassword = "${'x'.repeat(9)}"\n`,
  'a misspelt name': (password) => `[cluster]\npasword = ${JSON.stringify(password)}\n`,
  'another section': (password) => `[asbackup]\npassword = ${JSON.stringify(password)}\n`,
  'no section': (password) => `password = ${JSON.stringify(password)}\n`,
};

const configMistakes: Attack = {
  name: 'password in a configuration file with mistakes, of any size, is in no output',
  run: async ({ random, folder }) => {
    const problems: string[] = [];
    for (const [i, [mistake, write]] of Object.entries(MISTAKES).entries()) {
      const secret = makeSecret(random, SIZES[i % SIZES.length]!);
      const path = join(folder, 'tools.conf');
      writeFileSync(path, write(secret), { mode: 0o600 });
      const args = ['--only-config-file', path, '-p', '1', '-n', 'test', '-d', join(folder, 'out'), '-v'];
      const tool = i % 2 === 0 ? 'asbackup' : 'asrestore';
      const run = await startTool(tool, args, { hangMs: HANG_MS, keepOutput: true }).done;
      if (run.code !== 1) problems.push(`${mistake}: exit code ${run.code ?? 'null'}`);
      problems.push(...findLeaks([secret], outputs(run)).map((text) => `${mistake}: ${text}`));
    }
    return problems;
  },
};

export const SECRETS: readonly Attack[] = [
  ...Object.entries(SOURCES).map(([where, give]) => plantPassword(where, give)),
  killedRun,
  misplacedValues,
  configMistakes,
];
