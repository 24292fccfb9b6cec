/** What the tests of secured clusters share: certificates, clusters that want them, runs and what they said. */
import { expect } from 'vitest';
import { InMemoryCluster, type InMemoryClusterOptions } from '../../src/node/cluster.js';
import type { NodeTlsConfig } from '../../src/node/transport/tls.js';
import { Authority, pem, type Pair } from './certificate-authority.js';
import { run, type Ran } from './target.js';

/** In every place where a secret can be, so that one search finds it. */
export const PASSWORD = 'hush-42-Gänsefüßchen';
export const KEY_PASSWORD = 'hush-43-key';

export interface Pki {
  ca: Authority;
  other: Authority;
  good: Pair;
  client: Pair;
  tls(pair?: Pair, more?: Partial<NodeTlsConfig>): NodeTlsConfig;
}

export function makePki(dir: string): Pki {
  const ca = new Authority(dir, 'ca');
  const good = ca.sign('good', { cn: 'Node One', san: 'DNS:node.tls,DNS:*.wild.tls' });
  return {
    ca,
    other: new Authority(dir, 'other'),
    good,
    client: ca.sign('client', { cn: 'alice', usage: 'clientAuth', password: KEY_PASSWORD }),
    tls: (pair = good, more = {}) => ({ name: 'node.tls', cert: pem(pair.cert), key: pem(pair.key), ...more }),
  };
}

/** Runs `use` against a cluster, which must not have failed inside meanwhile. */
export async function withCluster<R>(
  options: InMemoryClusterOptions,
  use: (cluster: InMemoryCluster, at: string[]) => Promise<R>,
): Promise<R> {
  const cluster = await InMemoryCluster.start(options);
  try {
    const { host, port } = cluster.seed;
    const result = await use(cluster, ['-h', host, '-p', String(port)]);
    for (const node of cluster.nodes) expect(node.failures).toEqual([]);
    return result;
  } finally {
    await cluster.stop();
  }
}

/** The texts of the error lines. */
export function collectErrors({ stderr }: Ran): string[] {
  return stderr
    .split('\n')
    .filter((line) => line.includes('[ERR]'))
    .map((line) => line.replace(/^.*\[ERR\] \[ *\d+\] /, ''));
}

/** The one sentence of a run that failed, without ports. */
export async function sentence(tool: 'asbackup' | 'asrestore', args: string[], input?: string): Promise<string> {
  const options = { ...(input === undefined ? {} : { input: Buffer.from(input) }) };
  const ran = await run(tool, [...args, '--no-config-file'], options);
  expect(ran.code, ran.stderr).toBe(1);
  expect(ran.stderr).not.toContain('hush-4');
  expect(collectErrors(ran), ran.stderr).toHaveLength(1);
  return collectErrors(ran)[0]!.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST');
}
