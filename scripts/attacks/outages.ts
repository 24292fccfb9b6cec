/** Servers that stall, are overloaded or away for a while, and peers that never answer. */
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InMemoryCluster, type InMemoryClusterOptions } from '../../src/node/cluster.js';
import { TestData } from '../crash-test/data.js';
import type { Run } from '../crash-test/tool-run.js';
import type { Random } from '../fuzz/random.js';
import {
  checkComplete,
  countRecords,
  lastError,
  runBackup,
  startBackup,
  startRestore,
  type Attack,
  type AttackContext,
} from './attack.js';
import { LAST, startFakeNode } from './fake-node.js';

const RECORDS = 2000;
const HANG_MS = 90_000;
const POLL_MS = 10;

async function withNodes<T>(
  options: InMemoryClusterOptions,
  random: Random,
  work: (cluster: InMemoryCluster, port: number) => Promise<T>,
): Promise<T> {
  const cluster = await InMemoryCluster.start(options);
  try {
    new TestData(cluster.store('test'), random, RECORDS);
    return await work(cluster, cluster.seed.port);
  } finally {
    await cluster.stop();
  }
}

/** A backup must be complete although `trouble` begins while it works and ends when the log has said so. */
function troubledBackup(
  name: string,
  nodes: number,
  trouble: (cluster: InMemoryCluster, run: Run) => Promise<void>,
  args: readonly string[] = [],
): Attack {
  return {
    name: `backup from a cluster ${name} is complete`,
    run: async ({ random, folder }) =>
      withNodes({ nodes }, random, async (cluster, port) => {
        const directory = join(folder, 'backup');
        const run = startBackup(port, ['-d', directory, '-w', '2', '-L', '2000', ...args], { hangMs: HANG_MS });
        await run.until(/Starting backup for/);
        await trouble(cluster, run);
        const ended = await run.done;
        if (ended.code !== 0) return [`exit code ${ended.code ?? 'null'}: ${lastError(ended)}`];
        return checkComplete(ended, directory, RECORDS);
      }),
  };
}

/** The log says so often that partitions are read again. */
async function untilRetries(run: Run, times: number): Promise<void> {
  await run.until(new RegExp(`(?:again: [^]*){${times}}`));
}

/** A restore must write all records although `trouble` begins before it and ends when the log has said so. */
function troubledRestore(
  name: string,
  begin: (cluster: InMemoryCluster) => void,
  end: (cluster: InMemoryCluster) => void,
  args: readonly string[] = [],
): Attack {
  return {
    name: `restore to a cluster ${name} writes every record`,
    run: async ({ random, folder }) =>
      withNodes({ nodes: 2 }, random, async (cluster, port) => {
        const path = join(folder, 'backup.asb');
        const made = await runBackup(port, ['-o', path]);
        if (made.code !== 0) return [`the backup failed: ${lastError(made)}`];
        begin(cluster);
        const flags = ['-n', 'test,restored', '-i', path, '-v', ...args];
        const run = startRestore(port, flags, { hangMs: HANG_MS });
        // More attempts than the default of --max-retries.
        await run.until(/(?:to be sent again in[^]*){8}/);
        end(cluster);
        const ended = await run.done;
        const problems = ended.code === 0 ? [] : [`exit code ${ended.code ?? 'null'}: ${lastError(ended)}`];
        const written = countRecords(cluster, 'restored');
        if (written !== RECORDS) problems.push(`${written} of ${RECORDS} records were written`);
        return problems;
      }),
  };
}

/** Accepts connections and never answers. Resolves `all` when so many connections are open at the same time. */
async function startSilentPeers(count: number): Promise<{ ports: number[]; all: Promise<void>; close(): void }> {
  const sockets = new Set<Socket>();
  let resolveAll = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    resolveAll = resolve;
  });
  const servers: Server[] = [];
  const open = new Set<number>();
  for (let i = 0; i < count; i++) {
    const server = createServer((socket) => {
      sockets.add(socket);
      open.add(i);
      if (open.size === count) resolveAll();
      socket.on('error', () => undefined).on('close', () => open.delete(i));
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
  }
  return {
    ports: servers.map((server) => (server.address() as AddressInfo).port),
    all,
    close: () => {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
    },
  };
}

const silentPeers: Attack = {
  name: 'peers that never answer are dialed at the same time and named',
  run: async ({ folder, random }: AttackContext) => {
    const peers = await startSilentPeers(3 + random.below(3));
    const list = peers.ports.map((port, i) => `[DEAD${i},,[127.0.0.1:${port}]]`).join(',');
    const node = await startFakeNode({
      info: { 'peers-clear-std': `1,3000,[${list}]` },
      onMessage: (_, socket) => socket.write(LAST),
    });
    try {
      const run = startBackup(node.port, ['-d', join(folder, 'backup'), '-w', '1'], { hangMs: HANG_MS });
      const together = await Promise.race([peers.all.then(() => true), run.done.then(() => false)]);
      const problems = together ? [] : ['they were dialed one after another'];
      const ended = await run.done;
      for (const [i, port] of peers.ports.entries()) {
        if (!ended.log.includes(`DEAD${i}`) || !ended.log.includes(`127.0.0.1:${port}`)) {
          problems.push(`peer ${i} is not named`);
        }
      }
      return problems;
    } finally {
      peers.close();
      await node.close();
    }
  },
};

const missingHalf: Attack = {
  name: 'backup with half of the partitions on a peer that cannot be reached fails before it makes anything',
  run: async ({ folder }) => {
    const half = Buffer.alloc(512);
    for (let byte = 0; byte < half.length; byte++) half[byte] = 0xaa;
    const node = await startFakeNode({
      info: {
        replicas: `test:0,1,${half.toString('base64')}`,
        // Nothing listens on port 1.
        'peers-clear-std': '1,3000,[[B2,,[127.0.0.1:1]]]',
      },
      onMessage: (_, socket) => socket.write(LAST),
    });
    try {
      const directory = join(folder, 'backup');
      const ended = await runBackup(node.port, ['-d', directory]);
      const problems = ended.code === 1 ? [] : [`exit code ${ended.code ?? 'null'}`];
      if (!/B2 at 127\.0\.0\.1:1/.test(ended.log)) problems.push(`the peer is not named: ${lastError(ended)}`);
      if (node.messages > 0) problems.push('records were requested');
      return problems;
    } finally {
      await node.close();
    }
  },
};

const stoppedInStall: Attack = {
  name: 'restore to a server that has stalled hears SIGINT',
  run: async ({ random, folder }) =>
    withNodes({}, random, async (cluster, port) => {
      const path = join(folder, 'backup.asb');
      writeFileSync(path, '');
      const made = await runBackup(port, ['-o', path, '-r']);
      if (made.code !== 0) return [`the backup failed: ${lastError(made)}`];
      const node = cluster.nodes[0]!;
      node.injectFaults({ row: { every: 1, result: 18 } });
      const run = startRestore(port, ['-n', 'test,restored', '-i', path, '-v'], { hangMs: HANG_MS });
      await run.until(/to be sent again in/);
      // It reads, and answers nothing any more.
      node.injectFaults({ hangAfterFrames: 0 });
      await sleep(POLL_MS);
      run.child.kill('SIGINT');
      const { code, signal } = await run.done;
      return code === 1 ? [] : [`exit code ${code ?? 'null'}, signal ${signal ?? 'none'}`];
    }),
};

const everyNode =
  (faults: Parameters<InMemoryCluster['nodes'][number]['injectFaults']>[0]) => (cluster: InMemoryCluster) => {
    for (const node of cluster.nodes) node.injectFaults(faults);
  };
const asBefore = (cluster: InMemoryCluster): void => {
  for (const node of cluster.nodes) node.clearFaults();
};

export const OUTAGES: readonly Attack[] = [
  troubledBackup('whose node is away for more retries than allowed', 2, async (cluster, run) => {
    await cluster.stopNode(1, false);
    await untilRetries(run, 7);
    await cluster.restartNode(1, false);
  }),
  troubledBackup('that refuses new scans for a while', 1, async (cluster, run) => {
    for (const node of cluster.nodes) node.injectFaults({ scanStart: { result: 18 } });
    cluster.nodes[0]!.dropConnections();
    await untilRetries(run, 7);
    asBefore(cluster);
  }),
  troubledBackup(
    'that stalls in mid-scan',
    2,
    async (cluster, run) => {
      cluster.nodes[1]!.injectFaults({ hangAfterFrames: 0 });
      cluster.nodes[1]!.dropConnections();
      await untilRetries(run, 2);
      asBefore(cluster);
    },
    ['--socket-timeout', '1000'],
  ),
  troubledRestore(
    'whose device is overloaded for more attempts than allowed',
    everyNode({ row: { every: 1, result: 18 } }),
    asBefore,
  ),
  troubledRestore(
    'whose partitions are not available for more attempts than allowed',
    everyNode({ row: { every: 1, result: 11 } }),
    asBefore,
  ),
  silentPeers,
  missingHalf,
  stoppedInStall,
];
