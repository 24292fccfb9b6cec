/** Through a proxy: plain requests name their host in full, encrypted ones go through a tunnel (CONNECT). */
import { Agent as HttpAgent, request, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { StorageError } from '../errors.js';
import type { ProxySettings } from './config.js';

/** The proxy for requests to `host`; undefined = none (libcurl's rules). Throws StorageError S3_PROXY. */
export function proxyFor(
  settings: ProxySettings | undefined,
  { protocol, hostname, port }: { protocol: string; hostname: string; port: number },
): URL | undefined {
  if (settings === undefined) return undefined;
  const isExcepted = settings.exceptions.some((exception) => {
    const [, name = '', itsPort] = /^(.*?)(?::(\d+))?$/.exec(exception.trim().toLowerCase()) ?? [];
    if (itsPort !== undefined && Number(itsPort) !== port) return false;
    if (name === '*') return true;
    const domain = name.replace(/^\*?\./, '');
    return domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`));
  });
  const text = protocol === 'https:' ? settings.https : settings.http;
  if (isExcepted || text === undefined || text === '') return undefined;
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
    if (url.protocol === 'http:') return url;
  } catch {
    // The address may hold a password: it is not repeated.
  }
  throw new StorageError('S3_PROXY', 'The proxy that the environment names is not of the form http://HOST:PORT.');
}

export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Connections to the proxy, whatever host a request is for. */
export class PlainProxyAgent extends HttpAgent {
  constructor(
    private readonly proxy: URL,
    options: { keepAlive: boolean; maxSockets: number },
  ) {
    super(options);
  }

  override createConnection(
    options: Parameters<HttpAgent['createConnection']>[0],
    callback?: Parameters<HttpAgent['createConnection']>[1],
  ): ReturnType<HttpAgent['createConnection']> {
    const { hostname, port } = this.proxy;
    return super.createConnection({ ...options, host: unbracket(hostname), port: Number(port || 80) }, callback);
  }
}

/** TLS through a tunnel that the proxy makes. */
export class TunnelAgent extends HttpsAgent {
  constructor(
    private readonly proxy: URL,
    options: { keepAlive: boolean; maxSockets: number },
  ) {
    super(options);
  }

  override createConnection(
    options: ConnectionOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const target = `${options.host ?? ''}:${options.port ?? 443}`;
    const fail = (error: Error): void => callback?.(error, undefined as unknown as Duplex);
    const tunnel: ClientRequest = request({
      host: unbracket(this.proxy.hostname),
      port: Number(this.proxy.port || 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyAuthorization(this.proxy) },
    });
    tunnel.once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        const text = `The proxy ${this.proxy.host} refuses a tunnel to ${target} (status ${response.statusCode ?? 0}).`;
        fail(new StorageError('S3_PROXY', text));
        return;
      }
      const servername = options.servername ?? options.host;
      const secure = connectTls({ ...options, ...(servername === undefined ? {} : { servername }), socket });
      secure.once('error', fail);
      secure.once('secureConnect', () => {
        secure.removeListener('error', fail);
        callback?.(null, secure);
      });
    });
    tunnel.once('error', fail);
    tunnel.end();
    return undefined;
  }
}

function unbracket(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
