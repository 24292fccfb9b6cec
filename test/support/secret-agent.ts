import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** What a request asks for. */
export interface AgentRequest {
  Resource?: string;
  SecretKey?: string;
}

export interface AgentSettings {
  /** By `resource:key`, or `:key` without a resource. */
  secrets?: Readonly<Record<string, string | Buffer>>;
  /** Answers in place of the agent, for agents that behave badly. */
  answer?: (socket: Socket, request: AgentRequest) => void;
  /** Does something before any request has come. */
  greet?: (socket: Socket) => void;
  tls?: { cert: string; key: string };
  /** A Unix socket instead of a port of 127.0.0.1. */
  path?: string;
  host?: string;
}

export interface TestAgent {
  /** For --sa-address. */
  readonly address: string;
  readonly port: number;
  /** The bodies of all requests, as they came. */
  readonly requests: string[];
  close(): Promise<void>;
}

export const MAGIC = 0x51dec1cc;

/** Magic and length before a body. */
export function framed(body: string | Buffer, magic = MAGIC, length = Buffer.byteLength(body)): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(magic, 0);
  head.writeUInt32BE(length, 4);
  return Buffer.concat([head, Buffer.from(body)]);
}

export function secretAnswer(secret: string | Buffer): Buffer {
  return framed(JSON.stringify({ SecretValue: Buffer.from(secret).toString('base64') }));
}

/** A secret agent for tests (asbackup.md 4.3): accepts, reads one request, answers, closes. */
export async function startAgent(settings: AgentSettings): Promise<TestAgent> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    settings.greet?.(socket);
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < 8 || bytes.length < 8 + bytes.readUInt32BE(4)) return;
      const magic = bytes.readUInt32BE(0);
      const text = bytes.toString('utf8', 8, 8 + bytes.readUInt32BE(4));
      bytes = Buffer.alloc(0);
      requests.push(magic === MAGIC ? text : `wrong magic ${magic}`);
      const request = JSON.parse(text) as AgentRequest;
      (settings.answer ?? answerWith(settings.secrets ?? {}))(socket, request);
    });
  };
  const server: Server = settings.tls === undefined ? createServer(serve) : createTlsServer(settings.tls, serve);
  server.on('tlsClientError', () => undefined);
  const { path } = settings;
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, settings.host ?? '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  const port = path === undefined ? (server.address() as AddressInfo).port : 0;
  return {
    address: path ?? `127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function answerWith(secrets: Readonly<Record<string, string | Buffer>>) {
  return (socket: Socket, { Resource = '', SecretKey = '' }: AgentRequest): void => {
    const secret = secrets[`${Resource}:${SecretKey}`];
    if (secret === undefined) socket.end(framed(JSON.stringify({ Error: `unknown secret "${SecretKey}"` })));
    else socket.end(secretAnswer(secret));
  };
}
