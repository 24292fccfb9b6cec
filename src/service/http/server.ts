import type { FastifyInstance } from 'fastify';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemErrorText } from '../../core/errors.js';
import { logEvent } from '../../core/log.js';
import { ServiceError } from '../errors.js';
import { SecretResolver } from '../settings/secret-resolver.js';
import { createApp } from './app.js';
import { Certificates } from './certificates.js';
import type { HttpSettings, HttpsSettings, ServiceSettings } from '../document/schema/service-settings.js';
import type { DependencyProbes, HttpDependencies } from './dependencies.js';
import { createListener } from './listener.js';
import { RateLimiter } from './rate-limiter.js';
import { createProbes } from './probes.js';
import { Readiness } from './readiness.js';

const DEFAULT_ADDRESS = '0.0.0.0';
const DEFAULT_PORT = 8080;
const DEFAULT_TLS_PORT = 8443;
/** Answers that are being written at the end have so long. */
const CLOSE_MS = 3000;

export interface HttpOptions extends Omit<HttpDependencies, 'probes'> {
  /** For tests; absent = storages and clusters are asked. */
  readonly probes?: DependencyProbes;
}

export interface HttpServer {
  /** `http://0.0.0.0:8080/`, with the context path. */
  readonly urls: readonly string[];
  /** Answers the requests that have arrived, for some seconds, and ends. */
  stop(): Promise<void>;
}

interface Running {
  readonly app: FastifyInstance;
  readonly certificates: Certificates | undefined;
}

/**
 * Starts the listeners of the configuration: HTTP if nothing is said; HTTPS alone if that alone is configured. Throws
 * SERVICE_INVALID if the certificates cannot be used, SERVICE_FAILED if an address cannot be listened on.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { document } = options.config;
  const { http, https } = chooseListeners(document.service ?? {});
  const services = { ...options, probes: options.probes ?? createProbes(options.config, options.log) };
  const running: Running[] = [];
  const urls: string[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(stopListener));
  };
  try {
    if (http !== undefined) urls.push(await startListener(services, http, running));
    if (https !== undefined) {
      const password = await new SecretResolver(document).resolve(https['key-file-password'], https);
      const certificates = await Certificates.load(https, password, options.log);
      urls.push(await startListener(services, https, running, certificates));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls, stop };
}

/** Settings of the listeners to start. Plain HTTP is off where only HTTPS is configured. */
export function chooseListeners({ http, https }: ServiceSettings): {
  http: HttpSettings | undefined;
  https: HttpsSettings | undefined;
} {
  const isTls = https !== undefined && https.disabled !== true;
  const isPlain = http === undefined ? !isTls : http.disabled !== true;
  return { http: isPlain ? (http ?? {}) : undefined, https: isTls ? https : undefined };
}

async function startListener(
  services: HttpDependencies,
  settings: HttpSettings | HttpsSettings,
  running: Running[],
  certificates?: Certificates,
): Promise<string> {
  const scheme = certificates === undefined ? 'http' : 'https';
  const limiter = new RateLimiter(settings.rate);
  const app = createApp({
    services,
    readiness: new Readiness(services.config, services.probes),
    contextPath: settings['context-path'],
    createServer: (handler) => createListener(settings, limiter, handler, certificates),
  });
  running.push({ app, certificates });
  const host = settings.address ?? DEFAULT_ADDRESS;
  const port = settings.port ?? (certificates === undefined ? DEFAULT_PORT : DEFAULT_TLS_PORT);
  try {
    await app.listen({ host, port, listenTextResolver: () => '' });
  } catch (error) {
    const text = `cannot listen on ${scheme}://${host}:${port}: ${systemErrorText(error)}`;
    throw new ServiceError('SERVICE_FAILED', text, { cause: error });
  }
  certificates?.watch(app.server as unknown as TlsServer);
  const { port: actualPort } = app.server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const url = `${scheme}://${shownHost}:${actualPort}${(settings['context-path'] ?? '').replace(/\/+$/, '')}/`;
  services.log.info(logEvent('http.listening', `Listening on ${url}`, { url }));
  return url;
}

async function stopListener({ app, certificates }: Running): Promise<void> {
  certificates?.stop();
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_MS);
  await app.close();
  clearTimeout(timer);
}
