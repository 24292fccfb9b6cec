/** Settings of Google Cloud Storage; plain data. */
import type { ProxySettings } from '../s3/config.js';
import type { CredentialOrder, TransferSettings } from '../object-store/settings.js';

export const STORAGE_CLASSES = ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'] as const;

export interface GcsSettings extends TransferSettings {
  /** Key of a service account, JSON; absent = Application Default Credentials. */
  key?: { readonly path: string } | { readonly content: string };
  /** Default static-first. */
  credentialOrder?: CredentialOrder;
  /** URL of an emulator: nothing is authenticated. */
  endpoint?: string;
  /** Of new objects; absent = that of the bucket. */
  storageClass?: (typeof STORAGE_CLASSES)[number];
  /** The resource name of the Cloud KMS key that encrypts new objects; absent = that of the bucket. */
  kmsKey?: string;
  /** Base64 of the 32 bytes with which objects are encrypted and that the service does not store. */
  customerKey?: string;
  /** Absent = no proxy is used. */
  proxy?: ProxySettings;
}
