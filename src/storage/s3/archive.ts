/** Objects of the archive classes cannot be read before a copy of them was restored, which takes minutes to days. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectAddress } from '../object-store/client.js';
import { thawEach } from '../object-store/thaw-each.js';
import { DEFAULTS } from './config.js';
import { readName } from './errors.js';
import type { S3Connection } from './sdk.js';

/** How long the copy stays. */
const DAYS = 1;

export function isArchived(error: unknown): boolean {
  return readName(error) === 'InvalidObjectState';
}

/** In listings. A copy that was restored is listed like this, too. */
const ARCHIVE_CLASSES = new Set(['GLACIER', 'DEEP_ARCHIVE']);

export function isArchiveClass(storageClass: string | undefined): boolean {
  return storageClass !== undefined && ARCHIVE_CLASSES.has(storageClass);
}

/** Asks for copies of all objects, and does not wait for them. */
export async function requestCopies(bucket: string, keys: readonly string[], connection: S3Connection): Promise<void> {
  const { sdk, client, settings, log } = connection;
  const { tier } = settings;
  if (tier === undefined) return;
  const RestoreRequest = { Days: DAYS, GlacierJobParameters: { Tier: tier } };
  const request = (Key: string) => client.send(new sdk.RestoreObjectCommand({ Bucket: bucket, Key, RestoreRequest }));
  const isDone = (error: unknown): boolean => isArchived(error) || readName(error) === 'RestoreAlreadyInProgress';
  await thawEach(keys, request, isDone);
  log('info', `${keys.length} object(s) of s3://${bucket} are archived: they are being restored (${tier})`);
}

/** Asks for the copy, unless somebody has, and resolves when it is there. Rejects when the run is to stop. */
export async function restoreArchived(
  { bucket, key }: ObjectAddress,
  connection: S3Connection,
  keyParameters: object,
): Promise<void> {
  const { sdk, client, settings, log, signal } = connection;
  const { tier = 'Standard', restorePollMs = DEFAULTS.restorePollMs } = settings;
  const address = { Bucket: bucket, Key: key };
  const path = `s3://${bucket}/${key}`;
  try {
    const RestoreRequest = { Days: DAYS, GlacierJobParameters: { Tier: tier } };
    await client.send(new sdk.RestoreObjectCommand({ ...address, RestoreRequest }));
    log('info', `${path} is archived: it is being restored for ${DAYS} day (${tier})`);
  } catch (error) {
    if (readName(error) !== 'RestoreAlreadyInProgress') throw error;
  }
  for (let polls = 1; ; polls++) {
    const { Restore = '' } = await client.send(new sdk.HeadObjectCommand({ ...address, ...keyParameters }));
    if (Restore.includes('ongoing-request="false"')) return;
    log('info', `${path} is still being restored (looked ${polls} time(s))`);
    await sleep(restorePollMs, undefined, signal === undefined ? {} : { signal });
  }
}
