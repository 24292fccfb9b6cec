/** The official client gets into the in-memory node, so what we tested our own client against is what it expects. */
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Aerospike from 'aerospike';
import { afterAll, expect, it } from 'vitest';
import { makePki, PASSWORD } from '../support/secured-node.js';
import { readBackup, readRecords, run, scratch, startServer } from '../support/target.js';

const work = scratch();
afterAll(() => work.remove());
const pki = makePki(work.path);
const passwordFile = join(work.path, 'password');
writeFileSync(passwordFile, PASSWORD);

it.each([
  ['plain', [], []],
  [
    'TLS',
    ['--tls-cert', pki.good.cert, '--tls-key', pki.good.key, '--tls-name', 'node.tls', '--nodes', '2'],
    ['--tls-enable', '--tls-cafile', pki.ca.cert, '--tls-name', 'node.tls'],
  ],
])('log in, write and read: %s', async (kind, serverArgs, toolArgs) => {
  const server = await startServer(['--user', `bob:${PASSWORD}`, '--user', 'reader:r:read', ...serverArgs]);
  const { host: addr, port } = server;
  const tls = kind === 'TLS';
  const config = (user: string, password: string): Aerospike.ConfigOptions => ({
    hosts: [tls ? { addr, port, tlsname: 'node.tls' } : { addr, port }] as Aerospike.Host[],
    user,
    password,
    log: { level: Aerospike.log.OFF },
    ...(tls ? { tls: { enable: true, cafile: pki.ca.cert } } : {}),
  });
  try {
    const client = await Aerospike.connect(config('bob', PASSWORD));
    try {
      for (let i = 0; i < 50; i++) await client.put(new Aerospike.Key('test', 's', i), { i, text: `record ${i}` });
    } finally {
      client.close();
    }
    const at = [
      '-h',
      addr,
      '-p',
      String(port),
      '--no-config-file',
      ...toolArgs,
      '-U',
      'bob',
      '-P',
      `file:${passwordFile}`,
    ];
    const path = join(work.path, kind);
    const saved = await run('asbackup', [...at, '-n', 'test', '-d', path]);
    expect(saved.code, saved.stderr).toBe(0);
    expect(readRecords(readBackup(path)).size).toBe(50);
    const restored = await run('asrestore', [...at, '-n', 'test,restored', '-d', path]);
    expect(restored.code, restored.stderr).toBe(0);
    const reader = await Aerospike.connect(config('reader', 'r'));
    try {
      const { bins } = await reader.get(new Aerospike.Key('restored', 's', 7));
      expect(bins).toEqual({ i: 7, text: 'record 7' });
      await expect(reader.put(new Aerospike.Key('test', 's', 1), { i: 0 })).rejects.toMatchObject({ code: 81 });
    } finally {
      reader.close();
    }
    await expect(Aerospike.connect(config('bob', 'wrong'))).rejects.toThrow();
  } finally {
    await server.stop();
  }
});

it('the password does not stay in the list of processes', async () => {
  const silent = await startServer(['--user', `bob:${PASSWORD}`]);
  try {
    const at = ['-h', silent.host, '-p', String(silent.port), '--no-config-file'];
    // Waits for the key's password on standard input, which is never ended.
    const { spawn } = await import('node:child_process');
    const { fileURLToPath } = await import('node:url');
    const bin = fileURLToPath(new URL('../../bin/asbackup', import.meta.url));
    const tls = [
      '--tls-enable',
      '--tls-cafile',
      pki.ca.cert,
      '--tls-certfile',
      pki.client.cert,
      '--tls-keyfile',
      pki.client.key,
    ];
    const args = [...at, '-n', 'test', '-o', '-', '-U', 'bob', '-P', PASSWORD, ...tls, '--tls-keyfile-password'];
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
    await new Promise<void>((resolve) =>
      child.stderr.on('data', (text: Buffer) => {
        if (text.includes('Enter TLS-Keyfile Password: ')) resolve();
      }),
    );
    const seen = process.platform === 'linux' ? readFileSync(`/proc/${child.pid ?? 0}/cmdline`, 'utf8') : '-P ***';
    child.kill();
    expect(seen).not.toContain('hush-4');
    expect(seen).toContain('-P ***');
  } finally {
    await silent.stop();
  }
});
