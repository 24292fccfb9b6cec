/** A node whose answers an attack writes itself: info commands have plausible answers, messages go to `onMessage`. */
import { createHash } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';

const HEADER_BYTES = 22;
export const PARTITIONS = 4096;

export function encodeFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 2;
  head[1] = type;
  head.writeUIntBE(body.length, 2, 6);
  return Buffer.concat([head, body]);
}

export function encodeField(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(data.length + 1, 0);
  head[4] = id;
  return Buffer.concat([head, data]);
}

/** A bin with an integer of 8 bytes. */
export function encodeIntegerBin(name: string, value: number): Buffer {
  const bytes = Buffer.from(name);
  const bin = Buffer.alloc(8 + bytes.length + 8);
  bin.writeUInt32BE(4 + bytes.length + 8, 0);
  bin[4] = 1;
  bin[5] = 1;
  bin[7] = bytes.length;
  bytes.copy(bin, 8);
  bin.writeBigInt64BE(BigInt(value), 8 + bytes.length);
  return bin;
}

export interface MessageParts {
  result?: number;
  info3?: number;
  generation?: number;
  fields?: readonly Buffer[];
  bins?: readonly Buffer[];
}

export function encodeMessage({ result = 0, info3 = 0, generation = 1, fields = [], bins = [] }: MessageParts): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head[0] = HEADER_BYTES;
  head[3] = info3;
  head[5] = result;
  head.writeUInt32BE(generation, 6);
  head.writeUInt16BE(fields.length, 18);
  head.writeUInt16BE(bins.length, 20);
  return Buffer.concat([head, ...fields, ...bins]);
}

/** The frame that ends an answer. */
export const LAST = encodeFrame(3, encodeMessage({ info3: 1, generation: 0 }));

export interface RowOptions {
  namespace?: string;
  set?: string;
  generation?: number;
  bin?: string;
}

/** A row of a scan. */
export function encodeRow(digest: Buffer, options: RowOptions = {}): Buffer {
  const { namespace = 'test', set, generation = 1, bin = 'a' } = options;
  const fields = [encodeField(0, Buffer.from(namespace)), encodeField(4, digest)];
  if (set !== undefined) fields.push(encodeField(1, Buffer.from(set)));
  return encodeMessage({ generation, fields, bins: [encodeIntegerBin(bin, 1)] });
}

/** The n-th digest of a partition. */
export function makeDigest(partition: number, n: number): Buffer {
  const digest = createHash('ripemd160').update(`${partition} ${n}`).digest();
  digest[0] = partition & 0xff;
  digest[1] = (digest[1]! & 0xf0) | (partition >> 8);
  return digest;
}

export interface ScanRequest {
  partitions: number[];
  digests: Buffer[];
  /** The request asks for a limited number of records, as the check before a run does. */
  isLimited: boolean;
}

export function parseScanRequest(body: Buffer): ScanRequest {
  const request: ScanRequest = { partitions: [], digests: [], isLimited: false };
  let at = HEADER_BYTES;
  for (let left = body.readUInt16BE(18); left > 0; left--) {
    const size = body.readUInt32BE(at);
    const id = body[at + 4];
    const data = body.subarray(at + 5, at + 4 + size);
    at += 4 + size;
    if (id === 11) for (let i = 0; i < data.length; i += 2) request.partitions.push(data.readUInt16LE(i));
    if (id === 12) for (let i = 0; i < data.length; i += 20) request.digests.push(data.subarray(i, i + 20));
    if (id === 13) request.isLimited = true;
  }
  return request;
}

export interface FakeNodeOptions {
  /** Answers in place of or besides the plausible ones. */
  info?: Readonly<Record<string, string>>;
  build?: string;
  onMessage?: (body: Buffer, socket: Socket) => void;
}

export interface FakeNode {
  port: number;
  /** The info commands that came. */
  readonly commands: string[];
  messages: number;
  close(): Promise<void>;
}

export async function startFakeNode({ info = {}, build = '8.1.0.3', onMessage }: FakeNodeOptions): Promise<FakeNode> {
  const answers: Record<string, string> = {
    node: 'A1',
    'partition-generation': '1',
    build,
    'peers-clear-std': '1,3000,[]',
    'peers-clear-alt': '1,3000,[]',
    'service-clear-std': '',
    replicas: `test:0,1,${Buffer.alloc(PARTITIONS / 8, 0xff).toString('base64')}`,
    'namespace/test': 'objects=1000;effective_replication_factor=1',
    namespaces: 'test',
    'sets/test': '',
    'udf-list': '',
    'cluster-name': 'fake',
    features: 'batch-any;pscans;query-show',
    ...info,
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 8) {
        const end = 8 + rest.readUIntBE(2, 6);
        if (rest.length < end) return;
        const type = rest[1];
        const body = rest.subarray(8, end);
        rest = rest.subarray(end);
        if (type === 1) {
          let out = '';
          for (const command of body.toString('latin1').split('\n').slice(0, -1)) {
            node.commands.push(command);
            const known = answers[command] ?? (/^(?:sindex-list|sets)/.test(command) ? '' : undefined);
            out += `${command}\t${known ?? 'ERROR:4:unrecognized command'}\n`;
          }
          socket.write(encodeFrame(1, Buffer.from(out, 'latin1')));
        } else if (type === 3) {
          node.messages++;
          onMessage?.(body, socket);
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const node: FakeNode = {
    port: (server.address() as AddressInfo).port,
    commands: [],
    messages: 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return node;
}
