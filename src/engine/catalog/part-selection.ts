/** What of its namespace a backup with a manifest holds. */
import type { Identity } from '../backup/checkpoint/state-file.js';
import type { NamespacePart } from './find-backups.js';
import { findCoveredUntil } from './manifest.js';

const ALL_PARTITIONS = '0-4096';
const NS_PER_MS = 1_000_000n;

/**
 * What of the namespace the part holds, as a text that is the same for the same selection: `sets a,b; bins x`. Empty =
 * everything, as far as the manifest tells. The lower bound in time of an increment is no selection.
 */
export function describeSelection({ manifest }: NamespacePart): string {
  if (manifest === undefined) return '';
  const { identity, manifest: info } = manifest;
  return describeIdentity(identity, info === undefined ? undefined : findCoveredUntil(info));
}

/** The same of what identifies a run. `until`: the start of the backup. */
export function describeIdentity(identity: Identity, until: string | undefined): string {
  const words: string[] = [];
  const add = (key: string, word: string): void => {
    const value = identity[key];
    if (value === undefined || value === '' || value === false) return;
    words.push(value === true ? word : `${word} ${value}`);
  };
  add('sets', 'sets');
  add('excluded-sets', 'without the sets');
  add('bins', 'bins');
  add('no-bins', 'no bins');
  add('no-records', 'no records');
  add('filter-exp', 'records that pass');
  add('no-ttl-only', 'records that never expire');
  add('node-list', 'nodes');
  if (identity['partition-list'] !== ALL_PARTITIONS) add('partition-list', 'partitions');
  if (endsBeforeStart(identity['modified-before'], until)) {
    add('modified-before', 'records last changed before');
  }
  return words.join('; ');
}

/** A bound at the start or later leaves nothing out that the backup could have. */
function endsBeforeStart(nanoseconds: unknown, started: string | undefined): boolean {
  if (typeof nanoseconds !== 'string' || !/^\d+$/.test(nanoseconds) || started === undefined) return false;
  return BigInt(nanoseconds) < BigInt(Date.parse(started)) * NS_PER_MS;
}
