/** Requests to Google Cloud Storage with the credentials of the settings, one attempt each. */
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorMessage } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import { IdleTimer } from '../object-store/idle-timer.js';
import { loadPackage } from '../object-store/load-package.js';
import { viewBlocks, type Part } from '../object-store/part-buffer.js';
import { createTunnelAgent, PlainProxyAgent, proxyAuthorization, selectProxy } from '../s3/proxy.js';
import type { GcsSettings } from './config.js';
import { GcsFault, toTokenError } from './errors.js';
import { Tokens, type TokenSource } from './token.js';

const PUBLIC_ENDPOINT = 'https://storage.googleapis.com';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
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

  /** Sends no request yet. Throws StorageError GS_ENDPOINT, GS_CREDENTIALS, GS_PACKAGE and S3_PROXY. */
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

/** The library keeps a token for as long as it is valid. */
async function createTokenSource({ key }: GcsSettings): Promise<TokenSource> {
  const { GoogleAuth } = await loadPackage('GS', 'google-auth-library', () => import('google-auth-library'));
  const credentials = key === undefined ? undefined : await readKey(key);
  const auth = new GoogleAuth({ scopes: SCOPE, ...(credentials === undefined ? {} : { credentials }) });
  const get = async (): Promise<string> => {
    try {
      const token = await auth.getAccessToken();
      if (typeof token === 'string' && token !== '') return token;
    } catch (error) {
      throw toTokenError(error);
    }
    throw toTokenError(new Error('there is no token'));
  };
  const forget = async (): Promise<void> => {
    (await auth.getClient()).credentials = {};
  };
  return { get, forget };
}

async function readKey(key: NonNullable<GcsSettings['key']>): Promise<Record<string, string>> {
  const name = 'path' in key ? `the key file ${key.path}` : 'the key of the service account';
  const fail = (reason: string, cause?: unknown): never => {
    throw new StorageError('GS_CREDENTIALS', `Cannot use ${name}: ${reason}`, { cause, hint: 'set-gcs-credentials' });
  };
  let text = '';
  try {
    text = 'path' in key ? await readFile(key.path, 'utf8') : key.content;
  } catch (error) {
    fail(errorMessage(error), error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'type' in value) return value as Record<string, string>;
  } catch {
    // The message does not repeat what may be a key.
  }
  return fail('it is not the JSON of a service account');
}
