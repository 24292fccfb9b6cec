/** What the command line and the environment say about object stores. */
import type { ProxySettings, S3LogLevel, S3Settings } from '../storage/s3/config.js';
import type { StorageSettings } from '../storage/registry.js';

const MIB = 1024 * 1024;

export interface S3Values {
  region: string | undefined;
  profile: string | undefined;
  endpoint: string | undefined;
  maxDownloads: number;
  connectTimeoutMs: number;
  logLevel: string;
  useProxy: boolean;
  /** Of a backup. */
  minPartMib?: number | undefined;
  maxUploads?: number;
}

export function storageSettings(values: S3Values, env: NodeJS.ProcessEnv): StorageSettings {
  const { region, profile, endpoint, maxDownloads, maxUploads, connectTimeoutMs, minPartMib } = values;
  const s3: S3Settings = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(minPartMib === undefined ? {} : { minPartBytes: minPartMib * MIB }),
    ...(maxUploads === undefined ? {} : { maxUploads }),
    ...(values.useProxy ? { proxy: proxyOf(env) } : {}),
    maxDownloads,
    connectTimeoutMs,
    logLevel: values.logLevel as S3LogLevel,
  };
  // Which versions of Node.js the SDK will want one day is no news for who makes a backup.
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  return { s3 };
}

/** libcurl's variables: `HTTP_PROXY` in capitals is not one of them, as a web server sets it for its own purposes. */
export function proxyOf(env: NodeJS.ProcessEnv): ProxySettings {
  const all = env.all_proxy ?? env.ALL_PROXY;
  const http = env.http_proxy ?? all;
  const https = env.https_proxy ?? env.HTTPS_PROXY ?? all;
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    exceptions: (env.no_proxy ?? env.NO_PROXY ?? '').split(/[\s,]+/).filter((name) => name !== ''),
  };
}
