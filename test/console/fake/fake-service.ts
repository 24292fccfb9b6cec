/**
 * A service with the endpoints of /v2 that the console uses, over data in memory, and with the console itself as the
 * real service serves it. Tests make it fail, restart, and go on with what runs. Its answers are compared with the
 * schemas of /v2.
 */
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AddressInfo } from 'node:net';
import type { TSchema } from 'typebox';
import { addConsole } from '../../../src/service/console/add-console.js';
import { checkValue } from '../../../src/service/document/check-value.js';
import type { Backup } from '../../../src/service/v2/schema/backup.js';
import type { Job } from '../../../src/service/v2/schema/job.js';
import type { Session } from '../../../src/service/v2/schema/session.js';
import { addRoutes, FakeError } from './routes.js';
import { isoTime, makeData, type FakeData } from './data.js';

export interface FakeOptions {
  readonly nowMs?: number;
  /** Backups beside those of the routines. */
  readonly extraBackups?: number;
  /** Requests need it. */
  readonly token?: string;
  readonly scopes?: Session['scopes'];
  readonly contextPath?: string;
  /** No stream of events: the page has to poll. */
  readonly withoutEvents?: boolean;
  readonly data?: (data: FakeData) => void;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

interface Fault {
  readonly method: string;
  readonly path: RegExp;
  readonly error: FakeError;
}

export class FakeService {
  readonly data: FakeData;
  readonly requests: SeenRequest[] = [];
  /** What of its own answers is not as the schemas want it. */
  readonly problems: string[] = [];
  token: string | undefined;
  private readonly faults: Fault[] = [];
  private readonly streams = new Set<FastifyReply>();
  private app: FastifyInstance | undefined;
  private port = 0;
  private lastEvent = 0;

  constructor(readonly options: FakeOptions = {}) {
    this.data = makeData(options.nowMs ?? Date.now(), options.extraBackups);
    options.data?.(this.data);
    this.token = options.token;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}${this.options.contextPath ?? ''}/ui/`;
  }

  get streamCount(): number {
    return this.streams.size;
  }

  async start(): Promise<this> {
    const prefix = this.options.contextPath ?? '';
    const app = fastify({ forceCloseConnections: true });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    addConsole(app, { prefix });
    app.setErrorHandler((error, _request, reply) => {
      const known = error instanceof FakeError ? error : new FakeError(500, 'internal', String(error));
      if (known.status === 500) this.problems.push(String(error));
      return reply
        .code(known.status)
        .send({ code: known.code, message: known.message, ...(known.details && { details: known.details }) });
    });
    await app.register(
      (v2, _options, done) => {
        v2.addHook('preHandler', (request, _reply, next) => {
          this.admit(request, prefix);
          next();
        });
        v2.get('/events', (request, reply) => this.stream(request, reply));
        addRoutes(v2, this);
        done();
      },
      { prefix: `${prefix}/v2` },
    );
    await app.listen({ host: '127.0.0.1', port: this.port });
    this.port = (app.server.address() as AddressInfo).port;
    this.app = app;
    return this;
  }

  /** As a service that ends: all connections with it. */
  async stop(): Promise<void> {
    this.streams.clear();
    this.app?.server.closeAllConnections();
    await this.app?.close();
    this.app = undefined;
  }

  /** The next request like this is answered with an error. */
  failNext(method: string, path: RegExp, status: number, code: string, message: string, details?: object): void {
    this.faults.push({ method, path, error: new FakeError(status, code, message, details) });
  }

  /** Requests of this kind that have come. */
  seen(method: string, path: RegExp): SeenRequest[] {
    return this.requests.filter((request) => request.method === method && path.test(request.path));
  }

  emit(event: { type: string; [key: string]: unknown }): void {
    const id = ++this.lastEvent;
    const data = JSON.stringify({ id, time: isoTime(Date.now()), ...event });
    for (const { raw } of this.streams) raw.write(`id: ${id}\nevent: ${event.type}\ndata: ${data}\n\n`);
  }

  /** A backup that runs goes on. */
  advance(backup: Backup, percent: number): void {
    const { storage, id, routine } = backup;
    const [records, bytes] = [percent * 12_000, percent * 1_716_000];
    Object.assign(backup, { state: 'IN_PROGRESS', progress: percent, records, bytes });
    const progress = { percent, records, bytes, recordsPerSecond: 41_000 };
    this.emit({ type: 'backup.progress', storage, backup: id, ...(routine && { routine }), progress });
  }

  endBackup(backup: Backup, state: 'COMPLETED' | 'FAILED' | 'CANCELED', reason?: string): void {
    const { storage, id, routine } = backup;
    Object.assign(backup, { state, updated: isoTime(Date.now()) });
    delete backup.progress;
    if (state === 'COMPLETED') backup.finished = backup.updated;
    if (reason !== undefined) backup.reason = reason;
    const owner = this.data.routines.find(({ name }) => name === routine);
    if (owner?.running === id) delete owner.running;
    const message = reason === undefined ? {} : { message: reason };
    this.emit({ type: `backup.${state.toLowerCase()}`, storage, backup: id, ...(routine && { routine }), ...message });
  }

  endJob(job: Job, state: 'COMPLETED' | 'FAILED' | 'CANCELED', result: Partial<Job> = {}): void {
    Object.assign(job, { state, finished: isoTime(Date.now()) }, result);
    this.emit({ type: `${job.kind.toLowerCase()}.${state.toLowerCase()}`, job: job.id });
  }

  /** Adds a document to the answer, and remembers what is wrong with it. */
  check<T>(schema: TSchema, document: T): T {
    const plain: unknown = JSON.parse(JSON.stringify(document));
    for (const problem of checkValue(schema, plain, ''))
      this.problems.push(`${(schema as { title?: string }).title ?? 'document'}: ${problem}`);
    return document;
  }

  private admit(request: FastifyRequest, prefix: string): void {
    const { method, url, headers } = request;
    const [path = ''] = url.slice(prefix.length).split('?');
    const text = request.body as string | undefined;
    const body: unknown = text === undefined || text === '' ? undefined : JSON.parse(text);
    request.body = body;
    this.requests.push({ method, path: decodeURIComponent(path), query: request.query as object as never, body });
    if (this.token !== undefined && headers.authorization !== `Bearer ${this.token}`) {
      throw new FakeError(
        401,
        'unauthorized',
        headers.authorization ? 'the token is not valid' : 'credentials are needed',
      );
    }
    const index = this.faults.findIndex((fault) => fault.method === method && fault.path.test(path));
    if (index >= 0) throw this.faults.splice(index, 1)[0]!.error;
  }

  private stream({ raw }: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (this.options.withoutEvents === true) throw new FakeError(404, 'not-found', 'there is no such path');
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    reply.raw.write('retry: 2000\n\n');
    this.streams.add(reply);
    raw.once('close', () => this.streams.delete(reply));
    return reply;
  }
}
