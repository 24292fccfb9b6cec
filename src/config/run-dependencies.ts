import type { Log } from '../core/log.js';
import type { ConnectionSecurity } from './auth/connection-security.js';

/** What a config is made with besides the options. */
export interface RunDependencies {
  log: Log;
  /** Aborting stops the run in an orderly way. */
  signal: AbortSignal;
  /** For the encryption key and the proxy of object stores; by default that of the process. */
  env?: NodeJS.ProcessEnv;
  /** Login and TLS of the cluster connection. */
  security?: ConnectionSecurity;
}
