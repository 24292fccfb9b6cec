/** One attempt to hand an event to a webhook. */
import { createHmac } from 'node:crypto';
import { systemErrorText } from '../../core/errors.js';

const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 3;
const BASE64_PREFIX = 'whsec_';

export interface WebhookMessage {
  /** The same for every attempt. */
  readonly id: string;
  readonly body: string;
}

export interface WebhookTarget {
  readonly url: string;
  /** Key of the signature. */
  readonly secret: string;
}

export interface WebhookRequestOptions {
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** For tests. */
  readonly send?: typeof fetch;
}

/** Headers of Standard Webhooks. `timestamp`: seconds since 1970. */
export function signMessage(
  { id, body }: WebhookMessage,
  secret: string,
  timestamp: number,
): Readonly<Record<string, string>> {
  const key = secret.startsWith(BASE64_PREFIX) ? Buffer.from(secret.slice(BASE64_PREFIX.length), 'base64') : secret;
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}

/** Resolves if the webhook has taken the message; rejects with an error that says why not, without the URL. */
export async function sendMessage(
  message: WebhookMessage,
  { url, secret }: WebhookTarget,
  { nowMs, signal, timeoutMs = TIMEOUT_MS, send = fetch }: WebhookRequestOptions,
): Promise<void> {
  const { target, headers: login } = splitLogin(url);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'aerospike-backup-service',
    ...login,
    ...signMessage(message, secret, Math.floor(nowMs / 1000)),
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let place = target;
  for (let i = 0; ; i++) {
    const response = await request(place, { method: 'POST', headers, body: message.body, signal: limit }, send);
    // What the server says is not read: it may have no end.
    await response.body?.cancel().catch(() => undefined);
    if (response.ok) return;
    const next = findRedirect(response, place);
    if (next === undefined) throw new Error(`the server answered ${response.status}`);
    if (next.origin !== place.origin) throw new Error('the server redirects to another host');
    if (i >= MAX_REDIRECTS) throw new Error(`the server redirects more than ${MAX_REDIRECTS} times`);
    place = next;
  }
}

async function request(url: URL, init: RequestInit, send: typeof fetch): Promise<Response> {
  try {
    return await send(url, { ...init, redirect: 'manual' });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      throw new Error('the server did not answer in time', { cause: error });
    }
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(systemErrorText(cause), { cause: error });
  }
}

/** Where the same request is to be sent instead; undefined = nowhere. */
function findRedirect({ status, headers }: Response, from: URL): URL | undefined {
  const location = headers.get('location');
  const isRedirect = status === 307 || status === 308;
  return isRedirect && location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

/** User and password of a URL go into a header: `fetch` takes none in a URL. */
function splitLogin(url: string): {
  target: URL;
  headers: Readonly<Record<string, string>>;
} {
  const target = new URL(url);
  const { username, password } = target;
  if (username === '' && password === '') return { target, headers: {} };
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  target.username = '';
  target.password = '';
  return { target, headers: { authorization: `Basic ${login}` } };
}
