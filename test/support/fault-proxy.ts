/** An HTTP proxy in front of an object store that fails as networks and services do. */
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { LocalHttpServer } from './local-http-server.js';

export interface Fault {
  /** Which requests it is for: the first `times` of those that match. */
  matches: (request: { method: string; url: string }) => boolean;
  times: number;
  kind:
    | { readonly answer: number }
    /** The connection breaks after so many bytes of the answer's body. */
    | { readonly cutAnswerAt: number }
    /** The connection breaks after so many bytes of the request's body: the part is lost. */
    | { readonly cutRequestAt: number }
    /** A bit of the request's body is changed on its way. */
    | { readonly flipBit: true }
    /** The request is carried out, and the answer is lost. */
    | { readonly loseAnswer: true };
}

export class FaultProxy {
  faults: Fault[] = [];
  /** `METHOD URL RANGE` of all requests. */
  readonly seen: string[] = [];
  private readonly server: LocalHttpServer;

  /** @param upstream `http://HOST:PORT` */
  constructor(private readonly upstream: URL) {
    this.server = new LocalHttpServer((request, response) => this.pass(request, response));
  }

  listen(): Promise<string> {
    return this.server.listen();
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    this.seen.push(`${method} ${url} ${headers.range ?? headers['x-ms-range']?.toString() ?? ''}`);
    const fault = this.faults.find(({ times, matches }) => times > 0 && matches({ method, url }));
    if (fault !== undefined) fault.times--;
    const kind: Fault['kind'] | Record<string, never> = fault?.kind ?? {};
    if ('answer' in kind) {
      request.resume().on('end', () => response.writeHead(kind.answer, { connection: 'close' }).end('busy'));
      return;
    }
    const outgoing = forward(
      { host: this.upstream.hostname, port: this.upstream.port, method, path: url, headers, agent: false },
      (answer) => {
        if ('loseAnswer' in kind) {
          answer.resume().on('end', () => request.socket.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        if ('cutAnswerAt' in kind)
          cut(
            answer,
            kind.cutAnswerAt,
            (chunk) => response.write(chunk),
            () => request.socket.destroy(),
          );
        else answer.pipe(response);
      },
    );
    outgoing.on('error', () => request.socket.destroy());
    response.on('error', () => undefined);
    if ('cutRequestAt' in kind) {
      cut(
        request,
        kind.cutRequestAt,
        (chunk) => outgoing.write(chunk),
        () => {
          outgoing.destroy();
          request.socket.destroy();
        },
      );
    } else if ('flipBit' in kind) {
      let isFirst = true;
      request.on('data', (chunk: Buffer) => {
        const sent = Buffer.from(chunk);
        if (isFirst) sent.writeUInt8(sent.readUInt8(0) ^ 1, 0);
        isFirst = false;
        outgoing.write(sent);
      });
      request.on('end', () => outgoing.end());
    } else {
      request.pipe(outgoing);
    }
  }
}

/** Passes on the first `bytes`, then breaks. */
function cut(source: IncomingMessage, bytes: number, write: (chunk: Buffer) => void, end: () => void): void {
  let left = bytes;
  source.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) setImmediate(end);
  });
  source.on('end', () => {
    if (left > 0) end();
  });
  source.on('error', () => undefined);
}
