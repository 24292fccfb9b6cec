import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { clientAuthOptions, type Certificates } from './certificates.js';
import type { HttpSettings, HttpsSettings } from '../document/schema/service-settings.js';
import { isInV2 } from './paths.js';
import type { RateLimiter } from './rate-limiter.js';

const DEFAULT_HEADER_TIMEOUT_MS = 5000;
const DEFAULT_READ_TIMEOUT_MS = 30_000;
const DEFAULT_WRITE_TIMEOUT_MS = 60_000;
const DEFAULT_IDLE_TIMEOUT_MS = 120_000;
/** How often the server looks for requests that are too slow. */
const CHECK_INTERVAL_MS = 500;

/** A server with the time limits of its section of the configuration. A limit of 0 is none. */
export function createListener(
  settings: HttpSettings | HttpsSettings,
  limiter: RateLimiter,
  handler: RequestListener,
  certificates?: Certificates,
): Server {
  const readMs = settings['read-timeout'] ?? DEFAULT_READ_TIMEOUT_MS;
  const headerMs = settings.timeout ?? DEFAULT_HEADER_TIMEOUT_MS;
  const writeMs = settings['write-timeout'] ?? DEFAULT_WRITE_TIMEOUT_MS;
  const options = {
    requestTimeout: readMs,
    headersTimeout: readMs > 0 && headerMs > readMs ? readMs : headerMs,
    keepAliveTimeout: settings['idle-timeout'] ?? DEFAULT_IDLE_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  };
  const listener: RequestListener = (request, response) => {
    if (!limiter.admit(request.socket.remoteAddress ?? '')) {
      refuse(response, isInV2(request.url ?? '', settings['context-path']));
      return;
    }
    if (writeMs > 0) limitAnswer(request, response, writeMs);
    handler(request, response);
  };
  const server =
    certificates === undefined
      ? createServer(options, listener)
      : createTlsServer({ ...options, ...certificates.options, ...clientAuthOptions(settings) }, listener);
  return server;
}

function refuse(response: ServerResponse, isJson: boolean): void {
  const type = isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8';
  response.writeHead(429, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  const message = 'more requests from one address than the rate allows';
  response.end(isJson ? JSON.stringify({ code: 'too-many-requests', message }) : 'Too Many Requests\n');
}

const ANSWER_LIMIT = Symbol('limit of the answer');

interface LimitedResponse extends ServerResponse {
  [ANSWER_LIMIT]?: { timer: NodeJS.Timeout; request: IncomingMessage; ms: number } | undefined;
}

/** Cuts the connection of a client to which the answer was not written in time. */
function limitAnswer(request: IncomingMessage, response: LimitedResponse, ms: number): void {
  const timer = setTimeout(() => request.socket.destroy(), ms);
  timer.unref();
  response[ANSWER_LIMIT] = { timer, request, ms };
  response.once('close', () => clearTimeout(response[ANSWER_LIMIT]?.timer));
}

/** An answer that waits for something has so much more time; undefined = it has no limit. */
export function extendAnswerTime(response: LimitedResponse, moreMs: number | undefined): void {
  const limit = response[ANSWER_LIMIT];
  if (limit === undefined) return;
  clearTimeout(limit.timer);
  response[ANSWER_LIMIT] = undefined;
  if (moreMs !== undefined) limitAnswer(limit.request, response, limit.ms + moreMs);
}

/** Answers what the parser of HTTP refused, and the requests that took too long. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = explainClientError(error.code);
  const headers = [
    `HTTP/1.1 ${status}`,
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${text.length + 1}`,
    'Connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${text}\n`, () => socket.destroy());
}

function explainClientError(code: string | undefined): [status: string, text: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'the request did not arrive in time'];
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', 'request header too large'];
    default:
      return ['400 Bad Request', 'invalid request: this is not HTTP'];
  }
}
