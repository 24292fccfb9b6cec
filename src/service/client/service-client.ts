/** The client of /v2: JSON over HTTP, with a token or a client certificate. */
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { errorMessage } from '../../core/errors.js';
import { ServiceClientError } from './errors.js';

export interface ServiceConnection {
  /** Where the service is, with its context path: `https://backup.example:8443/abs`. */
  readonly url: string;
  readonly token?: string;
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ServiceRequest {
  readonly query?: Query;
  readonly body?: object;
}

/** Longer than the service waits for the end of work. */
const TIMEOUT_MS = 90_000;
/** A page of the longest list has less. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

interface Answer {
  status: number;
  text: string;
}

export class ServiceClient {
  constructor(
    private readonly connection: ServiceConnection,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * The document of the answer; undefined = it has none. Segments of `path` are encoded by the caller. Throws
   * ServiceClientError, and the reason of the signal.
   */
  async request<T>(method: string, path: string, { query = {}, body }: ServiceRequest = {}): Promise<T> {
    const url = this.toUrl(path, query);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.send(url, method, text);
    if (answer.status >= 200 && answer.status < 300) {
      return (answer.text === '' ? undefined : parseAnswer(answer.text, url)) as T;
    }
    throw toRefusal(answer, url);
  }

  private toUrl(path: string, query: Query): URL {
    const url = new URL(this.connection.url.replace(/\/+$/, '') + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  private async send(url: URL, method: string, body: string | undefined): Promise<Answer> {
    try {
      return await this.exchange(url, method, body);
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof ServiceClientError) throw error;
      const message = `The backup service at ${url.origin} cannot be reached: ${errorMessage(error)}`;
      throw new ServiceClientError('SERVICE_UNREACHABLE', message, { cause: error });
    }
  }

  private exchange(url: URL, method: string, body: string | undefined): Promise<Answer> {
    const { token, ca, cert, key } = this.connection;
    const options: RequestOptions = {
      method,
      signal: this.signal,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const sent = send(url, { ...options, ...(url.protocol === 'https:' ? { ca, cert, key } : {}) }, (answer) => {
        readAnswer(answer).then(resolve, reject);
      });
      sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

async function readAnswer(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

function parseAnswer(text: string, url: URL): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceClientError(
      'SERVICE_ANSWER',
      `What answers at ${url.origin} is no backup service with /v2: no JSON`,
    );
  }
}

/** Errors of /v2 are JSON; a proxy in between, or an older service, answers otherwise. */
function toRefusal({ status, text }: Answer, url: URL): ServiceClientError {
  const { code, message } = readErrorBody(text);
  if (code === undefined || message === undefined) {
    const what = `What answers at ${url.origin} is no backup service with /v2: status ${status} for ${url.pathname}`;
    return new ServiceClientError('SERVICE_ANSWER', what, { details: { status } });
  }
  return new ServiceClientError('SERVICE_REFUSED', message, { details: { status, reason: code } });
}

function readErrorBody(text: string): { code?: string; message?: string } {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : {};
  } catch {
    return {};
  }
}
