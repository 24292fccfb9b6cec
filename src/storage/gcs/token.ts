/** The tokens of requests to Google Cloud Storage. */
import { GcsFault, TOKEN_EXPIRED } from './errors.js';

export interface TokenSource {
  /** A token that is valid as far as its source knows. Rejects with what cannot pass, or GcsFault. */
  get: () => Promise<string>;
  /** The next `get` fetches a new one. */
  forget: () => Promise<void>;
}

/** Renews a token that the service does not accept any more: it may end, or be revoked, before its time. */
export class Tokens {
  /** The last one that was refused, until another is accepted. */
  private refused: string | undefined;

  constructor(private readonly source: TokenSource) {}

  get(): Promise<string> {
    return this.source.get();
  }

  accept(token: string): void {
    if (token !== this.refused) this.refused = undefined;
  }

  /**
   * Rejects with `fault`, as one that passes if a new token may be accepted: requests that are under way at the same
   * time have the same token, and a second token that is refused is the last.
   */
  async refuse(token: string, fault: GcsFault): Promise<never> {
    if (this.refused !== undefined && this.refused !== token) throw fault;
    this.refused = token;
    await this.source.forget();
    throw new GcsFault(fault.status, TOKEN_EXPIRED, fault.message);
  }
}
