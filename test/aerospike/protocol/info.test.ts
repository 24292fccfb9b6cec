import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Cluster } from '../../../src/aerospike/cluster/cluster.js';
import { InMemoryCluster } from '../../../src/node/cluster.js';
import { Connection } from '../../../src/aerospike/connection/connection.js';
import { FrameType } from '../../../src/aerospike/protocol/constants.js';
import { encodeFrame } from '../../../src/aerospike/protocol/frame.js';
import { infoCommand } from '../../../src/aerospike/protocol/info-command.js';
import { getMaxReplyBytes, requestInfoBatch, throwIfRefused } from '../../../src/aerospike/protocol/info.js';

describe('info value', () => {
  it.each([
    ['ERROR:4:unrecognized command', 4, 'unrecognized'],
    ['ERROR::no code', 1, 'no code'],
    ['FAIL:201:no index', 201, 'no index'],
    ['error:20:lower case', 20, 'lower case'],
  ])('%s is thrown as an error with its code', (value, code, text) => {
    expect(() => throwIfRefused('some-command', value)).toThrow(expect.objectContaining({ resultCode: code }) as Error);
    expect(() => throwIfRefused('some-command', value)).toThrow(new RegExp(text));
  });

  it('that merely begins like an error is a value', () => {
    expect(() => throwIfRefused('c', 'error_count=3;other=1')).not.toThrow();
  });
});

describe('an info answer', () => {
  it('to a command for a word or a number is accepted up to 64 KiB, any other up to 16 MiB', () => {
    expect(getMaxReplyBytes('build')).toBe(64 * 1024);
    expect(getMaxReplyBytes('sindex-list:ns=test')).toBe(16 * 1024 * 1024);
  });

  it('that is longer ends the connection, before all of it has arrived', async () => {
    const answers = new Map([['build', 'x'.repeat(200_000)]]);
    const cluster = await InMemoryCluster.start({});
    cluster.nodes[0]!.injectFaults({ infoAnswers: answers });
    const { host, port } = cluster.nodes[0]!;
    try {
      const connecting = Cluster.connect({
        seeds: [{ host, port }],
        servicesAlternate: false,
        connectTimeoutMs: 5000,
        infoTimeoutMs: 5000,
      });
      await expect(connecting).rejects.toThrow('bytes');
    } finally {
      await cluster.stop();
    }
  });

  it('that arrives a byte at a time ends the connection at the limit for the whole answer', async () => {
    const timers: NodeJS.Timeout[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write(encodeFrame(FrameType.INFO, Buffer.alloc(10_000, 'x')).subarray(0, 8));
      timers.push(setInterval(() => socket.write('x'), 20));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const connection = await Connection.open('127.0.0.1', port, 0);
    try {
      const asked = requestInfoBatch(connection, [infoCommand('build')], 60_000, 500);
      await expect(asked).rejects.toThrow(/ did not complete its answer within 500 ms$/);
      expect(connection.usable).toBe(false);
    } finally {
      for (const timer of timers) clearInterval(timer);
      connection.close();
      server.close();
    }
  });
});
