import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { exchangeWrites } from '../../../src/aerospike/commands/write.js';
import { Connection } from '../../../src/aerospike/connection/connection.js';
import { writeFrameHeader } from '../../../src/aerospike/protocol/frame.js';
import { FrameType, Info3 } from '../../../src/aerospike/protocol/constants.js';
import { namespaceField, WriteFrame, type WritableRecord } from '../../../src/aerospike/protocol/write-frame.js';
import { allocWithSlack } from '../../../src/core/byte-copy.js';
import { Particle } from '../../../src/core/particle.js';

const TIMEOUTS = { socketTimeoutMs: 10_000, totalTimeoutMs: 10_000 };
/** More than the socket buffers of both sides hold. */
const LARGE_BYTES = 32 * 1024 * 1024;
const servers: ReturnType<typeof createServer>[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server that does not read, and what it is connected with. */
async function connect(): Promise<{ connection: Connection; peer: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const connection = await Connection.open('127.0.0.1', (server.address() as AddressInfo).port, 5000);
  const [peer] = await accepted;
  sockets.push(peer);
  return { connection, peer };
}

function frameWith(valueBytes: number): WriteFrame {
  const input = allocWithSlack(valueBytes + 1);
  const bins = Int32Array.of(Particle.BLOB, 0, 1, 1, 1 + valueBytes, 0);
  const none = { setBuf: input, setStart: 0, setEnd: 0, keyType: 0, keyBuf: input, keyStart: 0, keyEnd: 0 };
  const record: WritableRecord = { input, arena: input, digest: allocWithSlack(20), binCount: 1, bins, ...none };
  const frame = new WriteFrame('batch');
  frame.append(record, { info2: 1, info3: 0, dropNulls: false }, namespaceField(Buffer.from('test')), 0, 0);
  return frame;
}

/** The end of a batch, with a result. */
function lastMessage(result: number): Buffer {
  const bytes = Buffer.alloc(30);
  writeFrameHeader(bytes, FrameType.MESSAGE, 22);
  bytes[8] = 22;
  bytes[11] = Info3.LAST;
  bytes[13] = result;
  return bytes;
}

describe('exchangeWrites', () => {
  it('a server that answers before it has read the request, the connection is closed, so that nothing more is sent', async () => {
    const { connection, peer } = await connect();
    const answer = exchangeWrites(connection, frameWith(LARGE_BYTES), TIMEOUTS, new AbortController().signal);
    expect(connection.sending).toBe(true);
    peer.write(lastMessage(4));
    expect(await answer).toMatchObject({ kind: 'answered', batchCode: 4 });
    expect(connection.usable).toBe(false);
  });

  it('a server that answers when it has read the request, the connection can be used again', async () => {
    const { connection, peer } = await connect();
    const answer = exchangeWrites(connection, frameWith(10), TIMEOUTS, new AbortController().signal);
    peer.once('data', () => peer.write(lastMessage(4)));
    peer.resume();
    expect(await answer).toMatchObject({ kind: 'answered', batchCode: 4 });
    expect(connection.usable).toBe(true);
    expect(connection.sending).toBe(false);
    connection.close();
  });
});
