/** The web console below `/ui`: files that hold nothing of the service; the page asks /v2 for everything. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readConsoleFiles, type ConsoleFile, type ConsoleFiles } from './console-files.js';

/** Only what the service itself serves: no inline script or style, no request to anywhere else, in no other page. */
const CSP = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': "'none'",
};

const HEADERS = {
  'content-security-policy': Object.entries(CSP)
    .map((directive) => directive.join(' '))
    .join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

export interface ConsoleOptions {
  /** Of all paths: empty, or `/abs`. */
  readonly prefix: string;
  /** For tests; absent = those of the build, which the first request reads. */
  readonly readFiles?: () => Promise<ConsoleFiles>;
}

export function addConsole(app: FastifyInstance, { prefix, readFiles = readConsoleFiles }: ConsoleOptions): void {
  let files: Promise<ConsoleFiles> | undefined;
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    files ??= readFiles();
    const { '*': path = '' } = request.params as { '*'?: string };
    const file = (await files).get(path);
    reply.headers(HEADERS);
    return file === undefined ? sendMissing(reply) : sendFile(request, reply, file);
  };
  app.get(`${prefix}/ui`, (_request, reply) => reply.headers(HEADERS).redirect(`${prefix}/ui/`, 301));
  app.get(`${prefix}/ui/`, serve);
  app.get(`${prefix}/ui/*`, serve);
}

function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  const { type, plain, gzipped, tag, isImmutable } = file;
  reply
    .header('cache-control', isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    .header('etag', tag)
    .header('vary', 'accept-encoding');
  const known = headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (known?.includes(tag) === true) return reply.code(304).send();
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(headers['accept-encoding'] ?? '');
  if (takesGzip) reply.header('content-encoding', 'gzip');
  return reply.type(type).send(takesGzip ? gzipped : plain);
}

function sendMissing(reply: FastifyReply): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send('404 page not found\n');
}
