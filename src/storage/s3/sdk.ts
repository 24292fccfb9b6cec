/**
 * Creates the client of the SDK as the settings say. The SDK is loaded when a path first needs it: that takes a while.
 */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { errorMessage } from '../../core/errors.js';
import type { StorageLog } from '../driver.js';
import { StorageError, storageError } from '../errors.js';
import { TRANSFER_DEFAULTS } from '../object-store/settings.js';
import { createTunnelAgent, PlainProxyAgent, proxyAuthorization, selectProxy } from './proxy.js';
import { DEFAULTS, isLogged, type S3LogLevel, type S3Settings } from './config.js';

export type Sdk = typeof import('@aws-sdk/client-s3');
/** What the sources of the SDK need. */
type SourceSettings = Pick<S3ClientConfig, 'region' | 'logger'>;
type Credentials = Awaited<ReturnType<S3Client['config']['credentials']>>;

/** What the SDK says after it has asked all of its sources. */
const NO_SOURCE = /could not load credentials from any provider/i;
/** A connection that is idle for so long during a request is closed, and the request is retried. */
const SOCKET_IDLE_TIMEOUT_MS = 60_000;

export interface S3Connection {
  sdk: Sdk;
  client: S3Client;
  settings: S3Settings;
  log: StorageLog;
  signal?: AbortSignal | undefined;
  /** For messages. */
  host: string;
  region: string;
  profile?: string;
}

/** Sends no request yet. Throws StorageError S3_ENDPOINT, S3_REGION and S3_PROXY. */
export async function connectS3(
  settings: S3Settings,
  log: (level: S3LogLevel, text: string) => void,
  context: { log: StorageLog; signal?: AbortSignal | undefined },
): Promise<S3Connection> {
  const sdk = await import('@aws-sdk/client-s3');
  const { profile, requestTimeoutMs, connectTimeoutMs = DEFAULTS.connectTimeoutMs } = settings;
  const endpoint = settings.endpoint === undefined ? undefined : parseEndpoint(settings.endpoint);
  const region = await findRegion(sdk, settings);
  const url = endpoint ?? new URL(`https://s3.${region}.amazonaws.com`);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const proxy = selectProxy(settings.proxy, { protocol: url.protocol, hostname: url.hostname, port });
  const uploads = settings.maxUploads ?? TRANSFER_DEFAULTS.maxUploads;
  const downloads = settings.maxDownloads ?? TRANSFER_DEFAULTS.maxDownloads;
  const ca = settings.caFile === undefined ? {} : { ca: await readCertificates(settings.caFile) };
  const agentOptions = { keepAlive: true, maxSockets: Math.max(uploads, downloads) + 4, ...ca };
  const logger = createLogger(settings.logLevel ?? DEFAULTS.logLevel, log);
  const config: S3ClientConfig = {
    region,
    // Every service knows buckets in paths; in host names, they would need certificates and DNS (asbackup.md 10).
    forcePathStyle: settings.virtualHost !== true,
    ...findCredentials(sdk, settings, { region, logger }),
    // decorators/retry.ts retries, for longer than the SDK.
    maxAttempts: 1,
    // The signature covers the SHA-256 of every body. Many services do not know the checksums that the SDK would add.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
    ...(profile === undefined ? {} : { profile }),
    logger,
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: SOCKET_IDLE_TIMEOUT_MS,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true }),
      httpAgent: proxy === undefined ? new HttpAgent(agentOptions) : new PlainProxyAgent(proxy, agentOptions),
      httpsAgent: proxy === undefined ? new HttpsAgent(agentOptions) : createTunnelAgent(proxy, agentOptions),
    },
  };
  const client = new sdk.S3Client(config);
  // A deletion of several objects needs a digest of the request; older services know MD5 only.
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
        // The request is signed already, and the signature covers the path alone.
        request.path = `http://${host}${request.path}`;
        Object.assign(request.headers, proxyAuthorization(proxy));
        return next(args);
      },
      { step: 'deserialize', priority: 'low', name: 'absolutePath' },
    );
  }
  const host = proxy === undefined ? url.host : `${url.host} (through the proxy ${proxy.host})`;
  return { sdk, client, settings, ...context, host, region, ...(profile === undefined ? {} : { profile }) };
}

/** Without keys, the client asks the sources of the SDK by itself. Throws StorageError S3_NO_CREDENTIALS. */
function findCredentials(sdk: Sdk, settings: S3Settings, source: SourceSettings): Pick<S3ClientConfig, 'credentials'> {
  const { accessKeyId, secretAccessKey, credentialOrder } = settings;
  if (accessKeyId === undefined && secretAccessKey === undefined) return {};
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const text = 'An access key of S3 and its secret key belong together';
    throw new StorageError('S3_NO_CREDENTIALS', text, { hint: 'set-s3-credentials' });
  }
  const keys = { accessKeyId, secretAccessKey };
  return { credentials: credentialOrder === 'ambient-first' ? preferAmbient(sdk, settings, source, keys) : keys };
}

/** The keys count only if no source has an identity: one that is there and cannot be used is an error. */
function preferAmbient(
  { S3Client }: Sdk,
  { profile }: S3Settings,
  source: SourceSettings,
  keys: Credentials,
): () => Promise<Credentials> {
  const probe = new S3Client({ ...source, ...(profile === undefined ? {} : { profile }) });
  return async () => {
    try {
      return await probe.config.credentials();
    } catch (error) {
      if (NO_SOURCE.test(errorMessage(error))) return keys;
      throw error;
    }
  };
}

function readCertificates(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw storageError('read the certificates', path, error);
  });
}

/** Without a scheme, and with any but https, it is HTTP (asbackup.md 10). */
export function parseEndpoint(text: string): URL {
  try {
    const [, scheme, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
    const url = new URL(`${scheme?.toLowerCase() === 'https' ? 'https' : 'http'}://${rest ?? ''}`);
    if (url.username === '' && url.password === '') return url;
  } catch {
    // Reported below.
  }
  const reason = 'The S3 endpoint is not an address: expected a URL or HOST:PORT';
  throw new StorageError('S3_ENDPOINT', reason, { hint: 'check-s3-endpoint' });
}

async function findRegion({ S3Client }: Sdk, { region, profile, endpoint }: S3Settings): Promise<string> {
  if (region !== undefined) return region;
  const probe = new S3Client(profile === undefined ? {} : { profile });
  try {
    return await probe.config.region();
  } catch (error) {
    // Self-hosted S3 services usually ignore the region.
    if (endpoint !== undefined) return 'us-east-1';
    throw new StorageError('S3_REGION', 'The region of S3 is not known', { cause: error, hint: 'set-s3-region' });
  } finally {
    probe.destroy();
  }
}

type SdkLogger = NonNullable<S3ClientConfig['logger']>;

/** Logs requests without their bodies. */
function createLogger(wanted: S3LogLevel, log: (level: S3LogLevel, text: string) => void): SdkLogger {
  const at =
    (level: S3LogLevel) =>
    (...content: unknown[]): void => {
      if (isLogged(wanted, level)) log(level, content.map(formatContent).join(' '));
    };
  return { trace: at('Trace'), debug: at('Debug'), info: at('Info'), warn: at('Warn'), error: at('Error') };
}

interface LoggedCommand {
  commandName?: string;
  input?: { Bucket?: string; Key?: string; Prefix?: string; PartNumber?: number };
  error?: unknown;
  metadata?: { httpStatusCode?: number; requestId?: string };
}

function formatContent(content: unknown): string {
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
