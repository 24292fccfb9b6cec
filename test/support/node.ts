/** A bare wire client for tests of the in-memory node: whole frames out, whole frames in. */
import { connect, type Socket } from 'node:net';

export interface Reply {
  info1: number;
  info3: number;
  result: number;
  generation: number;
  voidTime: number;
  index: number;
  /** `id:hex` */
  fields: string[];
  /** `op type name hex` */
  ops: string[];
}

const HEADER_BYTES = 8;
const MESSAGE_BYTES = 22;

export class WireClient {
  private buffer: Buffer = Buffer.alloc(0);
  private readonly frames: Buffer[] = [];
  private wake: (() => void) | undefined;
  closed = false;
  bytesReceived = 0;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.bytesReceived += chunk.length;
      this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
      this.cut();
      this.wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.wake?.();
    });
  }

  static open(address: { host: string; port: number }): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(address.port, address.host);
      socket.once('error', reject);
      socket.once('connect', () => {
        resolve(new WireClient(socket));
      });
    });
  }

  private cut(): void {
    for (;;) {
      if (this.buffer.length < HEADER_BYTES) return;
      const end = HEADER_BYTES + this.buffer.readUIntBE(2, 6);
      if (this.buffer.length < end) return;
      this.frames.push(this.buffer.subarray(0, end));
      this.buffer = this.buffer.subarray(end);
    }
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** The next frame, or undefined if the server has closed the connection. */
  async frame(): Promise<Buffer | undefined> {
    while (this.frames.length === 0) {
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.frames.shift();
  }

  /** Sends a command with a single answer. */
  async one(bytes: Buffer): Promise<Reply> {
    this.send(bytes);
    const frame = await this.frame();
    if (frame === undefined) throw new Error('connection closed');
    return replies(frame)[0]!;
  }

  /** Sends a batch or scan: all messages up to LAST, or up to a plain error. `protos` tells where frames ended. */
  async many(bytes: Buffer): Promise<{ rows: Reply[]; last: Reply; frames: Buffer[] }> {
    this.send(bytes);
    const rows: Reply[] = [];
    const frames: Buffer[] = [];
    for (;;) {
      const frame = await this.frame();
      if (frame === undefined) throw new Error('connection closed');
      frames.push(frame);
      const messages = replies(frame);
      const last = messages.at(-1)!;
      const isBatch = (bytes[HEADER_BYTES + 1]! & 0x08) !== 0;
      const isBareError =
        !isBatch && frames.length === 1 && messages.length === 1 && last.result !== 0 && last.info3 === 0;
      if ((last.info3 & 1) !== 0 || isBareError) {
        rows.push(...messages.slice(0, -1));
        return { rows, last, frames };
      }
      rows.push(...messages);
    }
  }

  /** The value of an info command. */
  async info(command: string): Promise<string> {
    this.send(createFrame(1, Buffer.from(`${command}\n`, 'latin1')));
    const frame = await this.frame();
    if (frame === undefined) throw new Error('connection closed');
    const text = frame.toString('latin1', HEADER_BYTES);
    if (!text.startsWith(`${command}\t`)) throw new Error(`bad echo ${text}`);
    return text.slice(command.length + 1, -1);
  }

  close(): void {
    this.socket.destroy();
  }
}

export function createFrame(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head[0] = 2;
  head[1] = type;
  head.writeUIntBE(body.length, 2, 6);
  return Buffer.concat([head, body]);
}

/** The messages of a reply frame. */
export function replies(frame: Buffer): Reply[] {
  const found: Reply[] = [];
  let at = HEADER_BYTES;
  while (at < frame.length) {
    const head = frame.subarray(at, at + MESSAGE_BYTES);
    const reply: Reply = {
      info1: head[1]!,
      info3: head[3]!,
      result: head[5]!,
      generation: head.readUInt32BE(6),
      voidTime: head.readUInt32BE(10),
      index: head.readUInt32BE(14),
      fields: [],
      ops: [],
    };
    at += MESSAGE_BYTES;
    for (let i = 0; i < head.readUInt16BE(18); i++) {
      const end = at + 4 + frame.readUInt32BE(at);
      reply.fields.push(`${frame[at + 4]!}:${frame.toString('hex', at + 5, end)}`);
      at = end;
    }
    for (let i = 0; i < head.readUInt16BE(20); i++) {
      const end = at + 4 + frame.readUInt32BE(at);
      const nameEnd = at + 8 + frame[at + 7]!;
      const name = frame.toString('latin1', at + 8, nameEnd);
      reply.ops.push(`${frame[at + 4]!} ${frame[at + 5]!} ${name} ${frame.toString('hex', nameEnd, end)}`);
      at = end;
    }
    found.push(reply);
  }
  return found;
}

export interface Message {
  info1?: number;
  info2?: number;
  info3?: number;
  generation?: number;
  ttl?: number;
  fields?: Buffer[];
  ops?: Buffer[];
}

export function message({
  info1 = 0,
  info2 = 0,
  info3 = 0,
  generation = 0,
  ttl = 0,
  fields = [],
  ops = [],
}: Message): Buffer {
  const head = Buffer.alloc(MESSAGE_BYTES);
  head[0] = MESSAGE_BYTES;
  head[1] = info1;
  head[2] = info2;
  head[3] = info3;
  head.writeUInt32BE(generation, 6);
  head.writeUInt32BE(ttl, 10);
  head.writeUInt16BE(fields.length, 18);
  head.writeUInt16BE(ops.length, 20);
  return createFrame(3, Buffer.concat([head, ...fields, ...ops]));
}

export function field(id: number, data: Buffer | string): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + bytes.length);
  head[4] = id;
  return Buffer.concat([head, bytes]);
}

export function op(code: number, type: number, name: string, value: Buffer | string = ''): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'hex') : value;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(4 + name.length + bytes.length);
  head[4] = code;
  head[5] = type;
  head[7] = name.length;
  return Buffer.concat([head, Buffer.from(name, 'latin1'), bytes]);
}

/** An 8-byte integer value in hex. */
export function int(value: number): string {
  const out = Buffer.alloc(8);
  out.writeBigInt64BE(BigInt(value));
  return out.toString('hex');
}

/** A digest of partition `pid` whose other bytes hold `n`. */
export function digest(pid: number, n: number): Buffer {
  const out = Buffer.alloc(20);
  out.writeUInt16LE(pid);
  out.writeUInt32BE(n, 2);
  return out;
}

export function pidArray(pids: readonly number[]): Buffer {
  const out = Buffer.alloc(pids.length * 2);
  pids.forEach((pid, i) => out.writeUInt16LE(pid, i * 2));
  return field(11, out);
}

export const ALL_PARTITIONS: readonly number[] = Array.from({ length: 4096 }, (_, i) => i);

/** A scan command as the backup tool sends it. */
export function parseScan(
  pids: readonly number[],
  { namespace = 'test', fields = [], ...rest }: Message & { namespace?: string } = {},
): Buffer {
  return message({
    info1: 1,
    info3: 4,
    ttl: 0xffffffff,
    ...rest,
    fields: [field(0, namespace), ...fields, ...(pids.length === 0 ? [] : [pidArray(pids)])],
  });
}
