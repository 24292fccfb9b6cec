/** Requests to the API of the service that the page comes from. */

/** The service answered, but not as wished. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** Of the machine: `has-dependents`. */
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** Nobody answered. */
export class ConnectionError extends Error {
  constructor(cause: unknown) {
    super('The service does not answer', { cause });
    this.name = 'ConnectionError';
  }
}

const TOKEN_KEY = 'backup-console-token';
/** The page is `<root>ui/`. */
const ROOT = new URL('..', new URL(location.pathname.replace(/[^/]*$/, ''), location.origin));
const REQUEST_TIMEOUT_MS = 30_000;

/** The token lives as long as the tab. */
export function readToken(): string | undefined {
  return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
}

export function storeToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

interface Listeners {
  /** A request found the service, or did not. */
  connection: (isThere: boolean) => void;
  /** The token is missing, wrong or no longer valid. */
  unauthorized: () => void;
}

const listeners: Listeners = { connection: () => undefined, unauthorized: () => undefined };

export function listenToClient(handlers: Listeners): void {
  Object.assign(listeners, handlers);
}

/** `v2/backups/s3/my%20id` */
export function makePath(...segments: string[]): string {
  return ['v2', ...segments.map(encodeURIComponent)].join('/');
}

function makeUrl(path: string, query: Query = {}): URL {
  const url = new URL(path, ROOT);
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(key, String(one));
  }
  return url;
}

function makeHeaders(accept: string, hasBody: boolean): Headers {
  const headers = new Headers({ accept });
  const token = readToken();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  if (hasBody) headers.set('content-type', 'application/json');
  return headers;
}

/** Throws ApiError, ConnectionError, or the reason of the signal. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const { method = 'GET', query, body, signal } = options;
  const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(makeUrl(path, query), {
      method,
      headers: makeHeaders('application/json', body !== undefined),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    listeners.connection(false);
    throw new ConnectionError(error);
  }
  listeners.connection(true);
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  if (response.status === 401) listeners.unauthorized();
  throw readError(response.status, text);
}

function readError(status: number, text: string): ApiError {
  try {
    const { code, message, details } = JSON.parse(text) as { code?: string; message?: string; details?: unknown };
    if (message !== undefined) return new ApiError(status, code ?? `http-${status}`, message, details);
  } catch {
    // A proxy answers with what it likes.
  }
  return new ApiError(status, `http-${status}`, `The service answered with the status ${status}`);
}

/** The stream of events; resolves once it has begun. Throws as `request` does. */
export async function openStream(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  let response: Response;
  try {
    response = await fetch(makeUrl('v2/events'), {
      headers: makeHeaders('text/event-stream', false),
      signal,
      cache: 'no-store',
    });
  } catch (error) {
    signal.throwIfAborted();
    listeners.connection(false);
    throw new ConnectionError(error);
  }
  if (response.ok && response.body !== null) {
    listeners.connection(true);
    return response.body;
  }
  if (response.status === 401) listeners.unauthorized();
  throw readError(response.status, await response.text());
}

/** Names the script of the page as the service has it now; a new one means that the service was replaced. */
export async function readPageScript(): Promise<string | undefined> {
  const response = await fetch(new URL('ui/', ROOT), { cache: 'no-cache' });
  if (!response.ok) return undefined;
  return /src="([^"]+\.js)"/.exec(await response.text())?.[1];
}
