/** A scriptable node that may answer anything: for tests of what a client makes of a server that is wrong. */
import { createServer, type Server, type Socket } from 'node:net';
import { FrameType } from '../../src/aerospike/protocol/constants.js';
import { encodeFrame } from '../../src/aerospike/protocol/frame.js';

export const FULL_BITMAP = Buffer.alloc(512, 0xff).toString('base64');

export interface ScanCommand {
  partitions: number[];
  digests: Buffer[];
}

export interface FakeNodeOptions {
  name?: string;
  /** Values of info commands; those not given have the answers of a single node with namespace `test`. */
  info?: Record<string, string>;
  onScan?: (command: ScanCommand, socket: Socket, count: number) => void;
  /** Called for each connection; false = the node stays silent on it. */
  onConnection?: (socket: Socket) => boolean;
}

export class FakeNode {
  /** Every info command that was received, as sent. */
  readonly commands: string[] = [];
  connections = 0;
  private scans = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly info: Map<string, string>,
    private readonly options: FakeNodeOptions,
  ) {
    server.on('connection', (socket) => {
      this.serve(socket);
    });
  }

  static async start(options: FakeNodeOptions = {}): Promise<FakeNode> {
    const { name = 'A1', info = {} } = options;
    const answers = {
      node: name,
      'partition-generation': '1',
      build: '8.1.0.3',
      'peers-clear-std': '1,3000,[]',
      'peers-clear-alt': '1,3000,[]',
      'service-clear-std': '',
      replicas: `test:0,1,${FULL_BITMAP}`,
      'namespace/test': 'objects=1000;effective_replication_factor=1',
      namespaces: 'test',
      'udf-list': '',
      'get-config:context=service': 'batch-index-threads=4',
      ...info,
    };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new FakeNode(server, address.port, new Map(Object.entries(answers)), options);
  }

  setInfo(command: string, value: string): void {
    this.info.set(command, value);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    if (this.options.onConnection?.(socket) === false) return;
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 8) {
        const end = 8 + received.readUIntBE(2, 6);
        if (received.length < end) return;
        const type = received[1];
        const body = received.subarray(8, end);
        received = received.subarray(end);
        if (type === FrameType.INFO) socket.write(encodeFrame(FrameType.INFO, this.answer(body)));
        else this.options.onScan?.(parseScan(body), socket, ++this.scans);
      }
    });
  }

  private answer(body: Buffer): Buffer {
    let reply = '';
    for (const command of body.toString('latin1').split('\n').slice(0, -1)) {
      this.commands.push(command);
      reply += `${command}\t${this.info.get(command) ?? 'ERROR:4:unrecognized command'}\n`;
    }
    return Buffer.from(reply, 'latin1');
  }
}

function parseScan(body: Buffer): ScanCommand {
  const command: ScanCommand = { partitions: [], digests: [] };
  let at = 22;
  for (let fields = body.readUInt16BE(18); fields > 0; fields--) {
    const size = body.readUInt32BE(at);
    const id = body[at + 4];
    const data = body.subarray(at + 5, at + 4 + size);
    if (id === 11) for (let i = 0; i < data.length; i += 2) command.partitions.push(data.readUInt16LE(i));
    if (id === 12)
      for (let i = 0; i < data.length; i += 20) command.digests.push(Buffer.from(data.subarray(i, i + 20)));
    at += 4 + size;
  }
  return command;
}

export interface RowOptions {
  namespace?: string;
  set?: string;
  generation?: number;
  bin?: string;
}

/** A row with one integer bin. */
export function scanRow(
  digest: Buffer,
  { namespace = 'test', set, generation = 1, bin = 'a' }: RowOptions = {},
): Buffer {
  const fields = [messageField(0, Buffer.from(namespace)), messageField(4, digest)];
  if (set !== undefined) fields.push(messageField(1, Buffer.from(set)));
  const name = Buffer.from(bin);
  const op = Buffer.alloc(8 + name.length + 8);
  op.writeUInt32BE(4 + name.length + 8, 0);
  op[4] = 1;
  op[5] = 1;
  op[7] = name.length;
  name.copy(op, 8);
  return Buffer.concat([messageHeader({ generation, fields: fields.length, ops: 1 }), ...fields, op]);
}

/** The end of a node's answer, or the refusal of the scan if `last` is false. */
export function scanEnd(result = 0, last = true): Buffer {
  return messageHeader({ result, info3: last ? 1 : 0 });
}

/** The end of a partition, or that it cannot be served. */
export function partitionEnd(partition: number, result = 0): Buffer {
  return messageHeader({ result, info3: 4, generation: partition });
}

/** One frame of several messages. */
export function messageFrame(...messages: readonly Buffer[]): Buffer {
  return encodeFrame(FrameType.MESSAGE, Buffer.concat(messages));
}

/** The digest with that partition whose other bytes are `rest`. */
export function createDigest(partition: number, rest: number): Buffer {
  const digest = Buffer.alloc(20, rest);
  digest[0] = partition & 0xff;
  digest[1] = (rest & 0xf0) | (partition >> 8);
  return digest;
}

function messageHeader({ result = 0, info3 = 0, generation = 0, fields = 0, ops = 0 }): Buffer {
  const header = Buffer.alloc(22);
  header[0] = 22;
  header[3] = info3;
  header[5] = result;
  header.writeUInt32BE(generation, 6);
  header.writeUInt16BE(fields, 18);
  header.writeUInt16BE(ops, 20);
  return header;
}

function messageField(id: number, data: Buffer): Buffer {
  const field = Buffer.alloc(5 + data.length);
  field.writeUInt32BE(data.length + 1, 0);
  field[4] = id;
  data.copy(field, 5);
  return field;
}
