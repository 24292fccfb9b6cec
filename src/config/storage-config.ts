/** From options and environment to the settings of object stores. */
import type { ProxySettings, S3Settings } from '../storage/s3/config.js';
import type { LocalSettings } from '../storage/local/config.js';
import { StorageRegistry } from '../storage/registry.js';
import type { RunDependencies } from './run-dependencies.js';

/**
 * The storages of a run. Whoever opens them closes them.
 * @param settings those that the schema maps (`config: 's3.…'` and `'local.…'`)
 * @param useProxy whether the proxy variables of the environment count
 */
export function openStorages(
  { s3, local = {} }: { s3: S3Settings; local?: LocalSettings },
  useProxy: boolean,
  { log, signal, env = process.env }: RunDependencies,
): StorageRegistry {
  const settings = useProxy ? { ...s3, proxy: readProxy(env) } : s3;
  return new StorageRegistry({ settings: { s3: settings, local }, log: (level, text) => log[level](text), signal });
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
