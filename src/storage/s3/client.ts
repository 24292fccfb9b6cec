/** The SDK's client, made as the settings say. Loading the SDK takes a while: only when a path needs it. */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { errorMessage } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import { PlainProxyAgent, proxyAuthorization, proxyFor, TunnelAgent } from './proxy.js';
import { DEFAULTS, LOG_LEVELS, type S3LogLevel, type S3Settings } from './config.js';

export type Sdk = typeof import('@aws-sdk/client-s3');

/** A connection that has been silent for so long is given up, and what it was for is tried again. */
const SOCKET_IDLE_TIMEOUT_MS = 60_000;

export interface S3Connection {
  sdk: Sdk;
  client: S3Client;
  host: string;
  region: string;
  profile?: string;
}

/** Throws StorageError S3_ENDPOINT, S3_REGION and S3_PROXY. Asks nobody anything yet. */
export async function connectS3(
  settings: S3Settings,
  log: (level: S3LogLevel, text: string) => void,
): Promise<S3Connection> {
  const sdk = await import('@aws-sdk/client-s3');
  const { profile, connectTimeoutMs = DEFAULTS.connectTimeoutMs } = settings;
  const endpoint = settings.endpoint === undefined ? undefined : endpointUrl(settings.endpoint);
  const region = await regionOf(sdk, settings);
  const url = endpoint ?? new URL(`https://s3.${region}.amazonaws.com`);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const proxy = proxyFor(settings.proxy, { protocol: url.protocol, hostname: url.hostname, port });
  const uploads = settings.maxUploads ?? DEFAULTS.maxUploads;
  const downloads = settings.maxDownloads ?? DEFAULTS.maxDownloads;
  const agentOptions = { keepAlive: true, maxSockets: Math.max(uploads, downloads) + 4 };
  const config: S3ClientConfig = {
    region,
    // Names of buckets are no part of host names, for every service knows this, and no certificate has to (asbackup.md
    // 10).
    forcePathStyle: true,
    // Done here (retry.ts), with more patience.
    maxAttempts: 1,
    // The signature covers the SHA-256 of every body. What the SDK adds to that is unknown to many services.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
    ...(profile === undefined ? {} : { profile }),
    logger: sdkLogger(settings.logLevel ?? 'Fatal', log),
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: SOCKET_IDLE_TIMEOUT_MS,
      httpAgent: proxy === undefined ? new HttpAgent(agentOptions) : new PlainProxyAgent(proxy, agentOptions),
      httpsAgent: proxy === undefined ? new HttpsAgent(agentOptions) : new TunnelAgent(proxy, agentOptions),
    },
  };
  const client = new sdk.S3Client(config);
  // Deleting several objects takes a digest of the request, of which older services know only this one.
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const request = args.request as { headers: Record<string, string>; body?: unknown };
        if (commandName === 'DeleteObjectsCommand' && typeof request.body === 'string') {
          const others = Object.entries(request.headers).filter(([name]) => !/^x-amz-(sdk-)?checksum-/i.test(name));
          const digest = createHash('md5').update(request.body).digest('base64');
          request.headers = Object.fromEntries([...others, ['content-md5', digest]]);
        }
        return next(args);
      },
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
  if (proxy !== undefined && url.protocol === 'http:') {
    client.middlewareStack.add(
      (next) => async (args) => {
        const request = args.request as {
          hostname: string;
          port?: number;
          path: string;
          headers: Record<string, string>;
        };
        const host = request.headers.host ?? url.host;
        // Signed by now: the signature is over the path alone.
        request.path = `http://${host}${request.path}`;
        Object.assign(request.headers, proxyAuthorization(proxy));
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'absolutePath' },
    );
  }
  const host = proxy === undefined ? url.host : `${url.host} (through the proxy ${proxy.host})`;
  return { sdk, client, host, region, ...(profile === undefined ? {} : { profile }) };
}

/** Without a scheme, and with any but https, it is HTTP (asbackup.md 10). */
export function endpointUrl(text: string): URL {
  try {
    const [, scheme, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
    const url = new URL(`${scheme?.toLowerCase() === 'https' ? 'https' : 'http'}://${rest ?? ''}`);
    if (url.username === '' && url.password === '') return url;
  } catch {
    // Said below.
  }
  const text2 = 'The value of --s3-endpoint-override is not an address: it has to be a URL or HOST:PORT.';
  throw new StorageError('S3_ENDPOINT', text2);
}

async function regionOf({ S3Client }: Sdk, { region, profile, endpoint }: S3Settings): Promise<string> {
  if (region !== undefined) return region;
  const asked = new S3Client(profile === undefined ? {} : { profile });
  try {
    return await asked.config.region();
  } catch (error) {
    // Who has a service of his own has rarely heard of regions.
    if (endpoint !== undefined) return 'us-east-1';
    const text =
      'The region of S3 is not known: give --s3-region, or --s3-endpoint-override for a service other than AWS.';
    throw new StorageError('S3_REGION', text, { cause: error });
  } finally {
    asked.destroy();
  }
}

type SdkLogger = NonNullable<S3ClientConfig['logger']>;

/** Requests are logged without what they carry. */
function sdkLogger(wanted: S3LogLevel, log: (level: S3LogLevel, text: string) => void): SdkLogger {
  const at =
    (level: S3LogLevel) =>
    (...content: unknown[]): void => {
      if (logs(wanted, level)) log(level, content.map(textOf).join(' '));
    };
  return { trace: at('Trace'), debug: at('Debug'), info: at('Info'), warn: at('Warn'), error: at('Error') };
}

export function logs(wanted: S3LogLevel, level: S3LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(wanted);
}

interface LoggedCommand {
  commandName?: string;
  input?: { Bucket?: string; Key?: string; Prefix?: string; PartNumber?: number };
  error?: unknown;
  metadata?: { httpStatusCode?: number; requestId?: string };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (content instanceof Error) return errorMessage(content);
  if (typeof content !== 'object' || content === null) return String(content);
  const { commandName, input = {}, error, metadata } = content as LoggedCommand;
  if (commandName === undefined) return '';
  const part = input.PartNumber === undefined ? '' : ` part ${input.PartNumber}`;
  const status = metadata?.httpStatusCode === undefined ? '' : ` status ${metadata.httpStatusCode}`;
  const request = metadata?.requestId === undefined ? '' : ` request ${metadata.requestId}`;
  const failure = error === undefined ? '' : ` failed: ${errorMessage(error)}`;
  return `${commandName} s3://${input.Bucket ?? ''}/${input.Key ?? input.Prefix ?? ''}${part}${status}${request}${failure}`;
}
