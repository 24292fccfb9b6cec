import type { FastifyInstance } from 'fastify';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemErrorText } from '../../core/errors.js';
import { logEvent } from '../../core/log.js';
import { ServiceError } from '../errors.js';
import { createApp } from './app.js';
import { Certificates } from './certificates.js';
import type { HttpDependencies, ListenerSettings, ServiceSection, TlsListenerSettings } from './dependencies.js';
import { createListener } from './listener.js';
import { RateLimiter } from './rate-limiter.js';
import { Readiness } from './readiness.js';

const DEFAULT_ADDRESS = '0.0.0.0';
const DEFAULT_PORT = 8080;
const DEFAULT_TLS_PORT = 8443;
/** Answers that are being written at the end have so long. */
const CLOSE_MS = 3000;

export interface HttpOptions extends HttpDependencies {
  /** The password of the key of the HTTPS listener, in clear. */
  readonly keyPassword?: string | undefined;
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
  const { http, https } = chooseListeners(options.config.document.service ?? {});
  const running: Running[] = [];
  const urls: string[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(stopListener));
  };
  try {
    if (http !== undefined) urls.push(await startListener(options, http, running));
    if (https !== undefined) {
      const certificates = await Certificates.load(https, options.keyPassword, options.log);
      urls.push(await startListener(options, https, running, certificates));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls, stop };
}

/** Settings of the listeners to start. Plain HTTP is off where only HTTPS is configured. */
export function chooseListeners({ http, https }: ServiceSection): {
  http: ListenerSettings | undefined;
  https: TlsListenerSettings | undefined;
} {
  const isTls = https !== undefined && https.disabled !== true;
  const isPlain = http === undefined ? !isTls : http.disabled !== true;
  return { http: isPlain ? (http ?? {}) : undefined, https: isTls ? https : undefined };
}

async function startListener(
  services: HttpDependencies,
  settings: ListenerSettings | TlsListenerSettings,
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
