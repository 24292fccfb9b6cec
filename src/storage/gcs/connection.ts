/** Requests to Google Cloud Storage with the credentials of the settings, one attempt each. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StorageError } from '../errors.js';
import { IdleTimer } from '../object-store/idle-timer.js';
import { viewBlocks, type Part } from '../object-store/part-buffer.js';
import { createTunnelAgent, PlainProxyAgent, proxyAuthorization, selectProxy } from '../s3/proxy.js';
import type { GcsSettings } from './config.js';
import { createTokenSource } from './credentials.js';
import { GcsFault } from './errors.js';
import { Tokens } from './token.js';

const PUBLIC_ENDPOINT = 'https://storage.googleapis.com';
/** A connection that is silent for so long during a request is given up, and the request is retried. */
const IDLE_MS = 60_000;
const FIRST_ERROR_STATUS = 300;
const UNAUTHORIZED = 401;
/** Of lists, documents and errors. A page of a list has about 1 MiB. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface GcsRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With its query. */
  path: string;
  headers?: OutgoingHttpHeaders;
  body?: Part | string;
}

export class GcsConnection {
  private constructor(
    readonly settings: GcsSettings,
    private readonly url: URL,
    private readonly agent: HttpAgent | HttpsAgent,
    private readonly proxy: URL | undefined,
    /** Undefined = nothing is authenticated. */
    private readonly tokens: Tokens | undefined,
  ) {}

  /**
   * Sends no request to the store yet; `ambient-first` may ask whether this is a machine of Google. Throws
   * StorageError GS_ENDPOINT, GS_CREDENTIALS, GS_PACKAGE and S3_PROXY.
   */
  static async open(settings: GcsSettings): Promise<GcsConnection> {
    const url = parseEndpoint(settings.endpoint ?? PUBLIC_ENDPOINT);
    const isSecure = url.protocol === 'https:';
    const port = Number(url.port || (isSecure ? 443 : 80));
    const proxy = selectProxy(settings.proxy, { protocol: url.protocol, hostname: url.hostname, port });
    const options = { keepAlive: true };
    const plain = isSecure ? new HttpsAgent(options) : new HttpAgent(options);
    const proxied = (to: URL) => (isSecure ? createTunnelAgent(to, options) : new PlainProxyAgent(to, options));
    const agent = proxy === undefined ? plain : proxied(proxy);
    const tokens = settings.endpoint === undefined ? new Tokens(await createTokenSource(settings)) : undefined;
    return new GcsConnection(settings, url, agent, proxy, tokens);
  }

  /** For messages. */
  get host(): string {
    return this.proxy === undefined ? this.url.host : `${this.url.host} (through the proxy ${this.proxy.host})`;
  }

  /** `read` gets the answer before its body. Rejects with GcsFault for an answer that is an error. */
  async send<T>(request: GcsRequest, read: (answer: IncomingMessage, timer: IdleTimer) => Promise<T>): Promise<T> {
    const totalMs = this.settings.requestTimeoutMs;
    return IdleTimer.run({ idleMs: IDLE_MS, totalMs }, async (timer) => {
      const token = this.tokens && (await timer.endWith(this.tokens.get()));
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      timer.touch();
      const answer = await this.exchange(request, authorization, timer);
      try {
        const status = answer.statusCode ?? 0;
        if (status >= FIRST_ERROR_STATUS) {
          const fault = GcsFault.parse(status, await this.readBody(answer, timer));
          if (status === UNAUTHORIZED && token !== undefined) await this.tokens?.refuse(token, fault);
          throw fault;
        }
        if (token !== undefined) this.tokens?.accept(token);
        return await read(answer, timer);
      } finally {
        if (!answer.complete) answer.destroy();
      }
    });
  }

  /** The body of the answer, and its headers. */
  async sendForText(request: GcsRequest): Promise<{ text: string; headers: IncomingMessage['headers'] }> {
    return this.send(request, async (answer, timer) => {
      return { text: await this.readBody(answer, timer), headers: answer.headers };
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private async readBody(answer: IncomingMessage, timer: IdleTimer): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      timer.touch();
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) throw new StorageError('GS_FAILED', `${this.host} sends an answer without end`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  private exchange(
    { method, path, headers, body }: GcsRequest,
    authorization: OutgoingHttpHeaders,
    timer: IdleTimer,
  ): Promise<IncomingMessage> {
    const { url, agent, proxy } = this;
    const isSecure = url.protocol === 'https:';
    const throughProxy = proxy !== undefined && !isSecure;
    const length = typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0);
    return new Promise((resolve, reject) => {
      const outgoing = (isSecure ? httpsRequest : httpRequest)({
        method,
        host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: `${throughProxy ? `http://${url.host}` : ''}${path}`,
        headers: {
          ...headers,
          ...authorization,
          ...(throughProxy ? proxyAuthorization(proxy) : {}),
          ...(method === 'PUT' || method === 'POST' ? { 'content-length': length } : {}),
        },
        agent,
        signal: timer.signal,
      });
      outgoing.on('response', resolve).on('error', reject);
      outgoing.on('drain', () => timer.touch());
      if (body === undefined || typeof body === 'string') {
        outgoing.end(body);
        return;
      }
      // Sent block by block: a part may be larger than the largest buffer. An early answer may end the sending.
      pipeline(Readable.from(viewBlocks(body.blocks, body.length), { objectMode: false }), outgoing).catch(reject);
    });
  }
}

function parseEndpoint(text: string): URL {
  try {
    const url = new URL(/^https?:\/\//i.test(text) ? text : `http://${text}`);
    if (url.username === '' && url.password === '') return url;
  } catch {
    // Reported below.
  }
  const reason = 'The endpoint of Google Cloud Storage is not an address: expected a URL';
  throw new StorageError('GS_ENDPOINT', reason, { hint: 'check-gcs-endpoint' });
}
