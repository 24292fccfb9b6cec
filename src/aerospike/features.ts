/** What a server can do, by its version: the one table of all version checks (wire.md 2.5). */
import { compareVersions } from './cluster/server-version.js';

/** The first server version with each feature. */
export const FEATURES = {
  /** Scans of chosen partitions, and of the records after a digest. No older server can be used. */
  partitionScan: '4.9',
  /** Scans with a filter expression: several sets, modification times, records without TTL. */
  filterExpression: '5.2',
  /** Many writes in one request. */
  batchWrite: '6.0',
  /** Commands for secondary indexes name the namespace `namespace=` and the bin `bin=`; before `ns=`, `indexdata=`. */
  sindexNamespaceKey: '8.1',
  /** Indexes over the records of a set. */
  setIndex: '8.1.2',
} as const satisfies Readonly<Record<string, string>>;

export type Feature = keyof typeof FEATURES;

export function supportsFeature(serverVersion: string, feature: Feature): boolean {
  return compareVersions(serverVersion, FEATURES[feature]) >= 0;
}
