/** The processes beside a service that is measured: clients, and a server that does nothing but answer. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { LoadKind } from './raw-clients.js';

const TICKS_PER_SECOND = 100;

/** Seconds of processor time so far, of user and system. */
export function readCpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid!}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Answers every request with that many bytes. Prints its port. */
export async function serveNothing(bytes: number): Promise<void> {
  const body = Buffer.alloc(bytes, 0x20);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes };
  const server = createServer({ keepAliveTimeout: 0 }, (_request, response) =>
    response.writeHead(200, headers).end(body),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
  await once(process.stdin.resume(), 'end');
  server.close();
  server.closeAllConnections();
}

/** A process of this program, which reads and prints lines, and ends with its input. */
export class LineProcess {
  readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  send(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** Throws an Error if it has ended. */
  async read(): Promise<string> {
    const next = await this.lines.next();
    if (next.done === true) throw new Error('a process of the measurement has failed');
    return next.value;
  }

  async end(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin!.end();
    await exited;
  }
}

/** Clients with open connections to a port. */
export class ClientProcess {
  private constructor(readonly process: LineProcess) {}

  static async start(program: string, port: number): Promise<ClientProcess> {
    const started = new LineProcess(program, ['--clients-of', String(port)]);
    await started.read();
    return new ClientProcess(started);
  }

  begin(kind: LoadKind, path: string): void {
    this.process.send(`${kind} ${path}`);
  }

  /** Resolves with the number of requests, when all are answered. */
  async stop(): Promise<number> {
    this.process.send('stop');
    return Number(await this.process.read());
  }
}
