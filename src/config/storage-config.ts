/** From options and environment to the settings of object stores. */
import type { StorageSettings } from '../storage/drivers.js';
import type { ProxySettings } from '../storage/s3/config.js';
import { readCustomerKey } from '../storage/object-store/customer-key.js';
import { StorageRegistry } from '../storage/registry.js';
import type { RunDependencies } from './run-dependencies.js';

/** `off` makes the tools write local files by way of the page cache: for tests, and should a disk ever be at fault. */
const DIRECT_WRITES_VARIABLE = 'ASTOOLS_DIRECT_WRITES';

/** The storages that can be reached through a proxy. */
type Proxied = 's3' | 'gs' | 'azblob';

/**
 * The storages of a run. Whoever opens them closes them. Throws StorageError for a customer key that is none, before
 * anything is connected to.
 * @param settings those that the schema maps (`config: 's3.…'`, `'azblob.…'`, `'local.…'`)
 * @param useProxy for which storages the proxy variables of the environment count
 */
export function openStorages(
  settings: StorageSettings,
  useProxy: Readonly<Record<Proxied, boolean>>,
  { log, signal, env = process.env }: RunDependencies,
): StorageRegistry {
  readCustomerKey(settings.s3?.customerKey, 'S3_CUSTOMER_KEY');
  readCustomerKey(settings.gs?.customerKey, 'GS_CUSTOMER_KEY');
  readCustomerKey(settings.azblob?.customerKey, 'AZBLOB_CUSTOMER_KEY');
  const withProxy = { ...settings };
  if (useProxy.s3) withProxy.s3 = { ...settings.s3, proxy: readProxy(env) };
  if (useProxy.gs) withProxy.gs = { ...settings.gs, proxy: readProxy(env) };
  if (useProxy.azblob) withProxy.azblob = { ...settings.azblob, proxy: readProxy(env) };
  if (env[DIRECT_WRITES_VARIABLE] === 'off') withProxy.local = { ...settings.local, directWrites: false };
  return new StorageRegistry({ settings: withProxy, log: (level, text) => log[level](text), signal });
}

/** libcurl's variables: `HTTP_PROXY` in capitals is not one of them, as a web server sets it for its own purposes. */
export function readProxy(env: NodeJS.ProcessEnv): ProxySettings {
  const all = env.all_proxy ?? env.ALL_PROXY;
  const http = env.http_proxy ?? all;
  const https = env.https_proxy ?? env.HTTPS_PROXY ?? all;
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    exceptions: (env.no_proxy ?? env.NO_PROXY ?? '').split(/[\s,]+/).filter((name) => name !== ''),
  };
}
