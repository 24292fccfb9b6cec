import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { StaticDocumentSpec } from '@fastify/swagger';
import { createOpenApi } from './openapi.js';

/** Nothing but what the service itself serves; data URLs are small pictures in the style sheet. */
const CSP = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/**
 * Adds `/api-docs/` to the app: a viewer and the OpenAPI document (`/api-docs/json`). Both are loaded with the first
 * request, so that the service starts without them.
 *
 * @param prefix of all paths: empty, or `/abs`
 */
export function addApiDocs(app: FastifyInstance, { prefix, version }: { prefix: string; version: string }): void {
  let viewer: Promise<FastifyInstance> | undefined;
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    viewer ??= createViewer(prefix, version);
    const ready = await viewer;
    reply.hijack();
    ready.routing(request.raw, reply.raw);
  };
  app.get(`${prefix}/api-docs`, (_request, reply) => reply.redirect(`${prefix}/api-docs/`, 301));
  app.get(`${prefix}/api-docs/`, serve);
  app.get(`${prefix}/api-docs/*`, serve);
}

/** An app that is not listened with. */
async function createViewer(prefix: string, version: string): Promise<FastifyInstance> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const viewer = fastify();
  viewer.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    return Promise.resolve();
  });
  viewer.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain; charset=utf-8').send('404 page not found\n'),
  );
  const document = createOpenApi({ version, contextPath: prefix === '' ? '/' : prefix });
  await viewer.register(swagger, {
    mode: 'static',
    specification: { document: document as unknown as StaticDocumentSpec['document'] },
  });
  await viewer.register(swaggerUi, {
    routePrefix: `${prefix}/api-docs`,
    staticCSP: CSP,
    uiConfig: { docExpansion: 'list', deepLinking: true },
    theme: { title: 'Aerospike backup service' },
  });
  await viewer.ready();
  return viewer;
}
