/** Backups where WebAssembly cannot be used, or is switched off, hold the same records as those made with it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCE = join(ROOT, 'test/fixtures/backups/plain');

let server: Awaited<ReturnType<typeof startServer>>;
let expected: string;

function run(command: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const [program, ...args] = command;
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 2 ** 30 } as const;
  const { status, stdout, stderr } = spawnSync(program!, args, options);
  expect(status, stderr).toBe(0);
  return stdout.split('\n').sort().join('\n');
}

function backupCommand(...nodeArgs: string[]): string[] {
  const address = ['-h', server.host, '-p', String(server.port)];
  return [
    process.execPath,
    ...nodeArgs,
    join(ROOT, 'bin/asbackup'),
    '--no-config-file',
    ...address,
    '-n',
    'test',
    '-o',
    '-',
  ];
}

beforeAll(async () => {
  server = await startServer([]);
  const address = ['-h', server.host, '-p', String(server.port)];
  run([process.execPath, join(ROOT, 'bin/asrestore'), '--no-config-file', ...address, '-d', SOURCE]);
  expected = run(backupCommand());
  expect(expected).toContain('+ d ');
});

afterAll(async () => {
  await server.stop();
});

describe('a backup', () => {
  it('is the same when the environment switches WebAssembly off', () => {
    expect(run(backupCommand(), { ASTOOLS_WEBASSEMBLY: 'off' })).toBe(expected);
  });

  it('is the same where Node.js runs without WebAssembly', () => {
    expect(run(backupCommand('--jitless'))).toBe(expected);
  });

  it.runIf(process.platform === 'linux')('is the same where a limit of addresses forbids its memory', () => {
    const command = backupCommand().map((word) => `'${word}'`);
    expect(run(['bash', '-c', `ulimit -v 9000000; exec ${command.join(' ')}`])).toBe(expected);
  });
});
