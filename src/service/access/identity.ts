import type { Scope } from './scope.js';

/** Who sends a request. */
export interface Identity {
  /** Of a token or certificate of the configuration, or a user of the proxy. */
  readonly name: string;
  readonly kind: 'anonymous' | 'token' | 'certificate' | 'proxy';
  readonly scope: Scope;
}
