/**
 * Clients of HTTP that cost little, so that they do not measure themselves: connections that stay open, a request whose
 * bytes are made once, answers of which only the status and the length are read.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export const CONNECTIONS = 500;
const BURST_MS = 1000;
/** Of a sustained rate: so many requests at a time, each on a connection of its own. */
const PORTION = 5;

/**
 * `burst`: a request on every connection at once, again each second. `sustained`: as many requests a second, in small
 * portions. `once`: a request on every connection, which may be answered late.
 */
export type LoadKind = 'burst' | 'sustained' | 'once';

const HEADER_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('content-length: ');
const OK = Buffer.from('HTTP/1.1 200 ');

/** One connection, with one request at a time. */
class RawClient {
  private readonly socket: Socket;
  private onAnswer: (() => void) | undefined;
  private onFailure: ((error: Error) => void) | undefined;
  /** Bytes of the answer that have not arrived; undefined = its header has not. */
  private missing: number | undefined;
  private header: Buffer | undefined;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.on('data', (bytes) => this.readAnswer(bytes));
    this.socket.on('error', (error) => this.onFailure?.(error));
    this.socket.on('close', () => this.onFailure?.(new Error('the connection was closed')));
  }

  async open(): Promise<void> {
    await once(this.socket, 'connect');
  }

  close(): void {
    this.onFailure = undefined;
    this.socket.destroy();
  }

  get isBusy(): boolean {
    return this.onAnswer !== undefined;
  }

  send(request: Buffer, onAnswer: () => void, onFailure: (error: Error) => void): void {
    this.onAnswer = onAnswer;
    this.onFailure = onFailure;
    this.socket.write(request);
  }

  private readAnswer(bytes: Buffer): void {
    if (this.missing === undefined) {
      const header = this.header === undefined ? bytes : Buffer.concat([this.header, bytes]);
      const end = header.indexOf(HEADER_END);
      if (end < 0) {
        this.header = header;
        return;
      }
      this.header = undefined;
      this.missing = this.readLength(header, end) - (header.length - end - HEADER_END.length);
    } else {
      this.missing -= bytes.length;
    }
    if (this.missing > 0) return;
    this.missing = undefined;
    const { onAnswer } = this;
    this.onAnswer = undefined;
    onAnswer?.();
  }

  private readLength(header: Buffer, end: number): number {
    const at = header.indexOf(LENGTH);
    if (at >= 0 && at < end && header.subarray(0, OK.length).equals(OK)) {
      return Number(header.toString('latin1', at + LENGTH.length, header.indexOf('\r', at)));
    }
    this.onFailure?.(new Error(`it was answered: ${header.toString('latin1', 0, end)}`));
    return 0;
  }
}

/** Sends until it is stopped. Resolves with the number of requests when all are answered. Rejects if one fails. */
async function sendUntil(
  clients: readonly RawClient[],
  { path, kind }: { path: string; kind: LoadKind },
  stopped: AbortSignal,
): Promise<number> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 'latin1');
  let [sent, answered, next] = [0, 0, 0];
  return new Promise((resolve, reject) => {
    const onAnswer = (): void => {
      answered++;
      if (stopped.aborted && answered === sent) resolve(sent);
    };
    const send = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const client = clients[next]!;
        next = (next + 1) % clients.length;
        // The answer before is late: the next request follows it at another time.
        if (client.isBusy) continue;
        sent++;
        client.send(request, onAnswer, reject);
      }
    };
    const portion = kind === 'sustained' ? PORTION : clients.length;
    send(portion);
    const everyMs = (BURST_MS * portion) / clients.length;
    const timer = kind === 'once' ? undefined : setInterval(() => send(portion), everyMs);
    stopped.addEventListener('abort', () => {
      clearInterval(timer);
      if (answered === sent) resolve(sent);
    });
  });
}

/** A process of clients: `KIND PATH` on standard input begins, `stop` ends, and the number of requests is printed. */
export async function serveLoad(port: number): Promise<void> {
  const clients = Array.from({ length: CONNECTIONS }, () => new RawClient(port));
  await Promise.all(clients.map((client) => client.open()));
  console.log('ready');
  let [running, ending] = [Promise.resolve(0), new AbortController()];
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'stop') {
      ending.abort();
      console.log(await running);
      continue;
    }
    const [kind = '', path = ''] = line.split(' ');
    ending = new AbortController();
    running = sendUntil(clients, { path, kind: kind as LoadKind }, ending.signal);
    running.catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
    await sleep(0);
  }
  for (const client of clients) client.close();
}
