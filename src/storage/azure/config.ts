/** Settings of Azure Blob Storage; plain data. */
import type { ProxySettings } from '../s3/config.js';
import type { CredentialOrder, TransferSettings } from '../object-store/settings.js';

export const ACCESS_TIERS = ['Hot', 'Cool', 'Cold', 'Archive'] as const;
export type AccessTier = (typeof ACCESS_TIERS)[number];

export interface AzureSettings extends TransferSettings {
  /** URL of the account's blob service; it may carry a SAS. Absent = `https://ACCOUNT.blob.core.windows.net`. */
  endpoint?: string;
  accountName?: string;
  /** Base64, as the portal shows it. */
  accountKey?: string;
  /** Base64 of the 32 bytes with which objects are encrypted and that the service does not store. */
  customerKey?: string;
  /** A registered application. */
  tenantId?: string;
  clientId?: string;
  clientSecret?: string;
  /** Default static-first; the SAS of the endpoint is static, too. */
  credentialOrder?: CredentialOrder;
  /**
   * Of new blobs; absent = that of the account. For reading: the tier that archived blobs are moved to; absent = they
   * are an error.
   */
  accessTier?: AccessTier;
  /** How often an archived blob that is moved is looked at. Default 60 000. */
  rehydratePollMs?: number;
  /** Absent = no proxy is used. */
  proxy?: ProxySettings;
}

export const REHYDRATE_POLL_MS = 60_000;
