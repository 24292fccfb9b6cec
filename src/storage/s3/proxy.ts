/** Connections through an HTTP proxy: plain requests name their host in full, encrypted ones use a tunnel (CONNECT). */
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { StorageError } from '../errors.js';
import type { ProxySettings } from './config.js';

/** The proxy for requests to a host; undefined = none (libcurl's rules). Throws StorageError S3_PROXY. */
export function selectProxy(
  settings: ProxySettings | undefined,
  { protocol, hostname, port }: { protocol: string; hostname: string; port: number },
): URL | undefined {
  if (settings === undefined) return undefined;
  const isExcepted = settings.exceptions.some((exception) => {
    const [, name = '', exceptedPort] = /^(.*?)(?::(\d+))?$/.exec(exception.trim().toLowerCase()) ?? [];
    if (exceptedPort !== undefined && Number(exceptedPort) !== port) return false;
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
    // The message does not repeat the address: it may hold a password.
  }
  throw new StorageError('S3_PROXY', 'The proxy that the environment names is not of the form http://HOST:PORT');
}

export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Encrypted requests through a tunnel. A proxy that refuses it is an error of its own, not an answer of the store. */
export function createTunnelAgent(proxy: URL, options: AgentOptions): HttpsProxyAgent<string> {
  const agent = new HttpsProxyAgent(proxy.href, options);
  agent.on('proxyConnect', ({ statusCode }: { statusCode: number }, request: { destroy(error: Error): void }) => {
    if (statusCode === 200) return;
    const text = `The proxy ${proxy.host} refuses a tunnel (status ${statusCode})`;
    request.destroy(new StorageError('S3_PROXY', text));
  });
  return agent;
}

/** Connects to the proxy, whatever host a request is for. */
export class PlainProxyAgent extends HttpAgent {
  constructor(
    private readonly proxy: URL,
    options: AgentOptions,
  ) {
    super(options);
  }

  override createConnection(
    options: Parameters<HttpAgent['createConnection']>[0],
    callback?: Parameters<HttpAgent['createConnection']>[1],
  ): ReturnType<HttpAgent['createConnection']> {
    const host = this.proxy.hostname.replace(/^\[(.*)\]$/, '$1');
    return super.createConnection({ ...options, host, port: Number(this.proxy.port || 80) }, callback);
  }
}
