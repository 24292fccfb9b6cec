/** Blobs in the archive tier cannot be read before they are moved to another one, which takes hours. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobGetPropertiesOptions, BlockBlobClient } from '@azure/storage-blob';
import { thawEach } from '../object-store/thaw-each.js';
import { REHYDRATE_POLL_MS } from './config.js';
import { readName } from './errors.js';
import type { AzureConnection } from './sdk.js';

export type CustomerKeyOptions = Pick<BlobGetPropertiesOptions, 'customerProvidedKey'>;

const ARCHIVED = new Set(['BlobArchived', 'BlobBeingRehydrated']);

export function isArchived(error: unknown): boolean {
  return ARCHIVED.has(readName(error));
}

/** Asks for the tier of the settings for all blobs, and does not wait for them. */
export async function requestRehydration(
  blobs: readonly BlockBlobClient[],
  connection: AzureConnection,
): Promise<void> {
  const { settings, log } = connection;
  const { accessTier } = settings;
  if (accessTier === undefined || accessTier === 'Archive') return;
  const byName = new Map(blobs.map((blob) => [blob.name, blob]));
  const request = (name: string) => byName.get(name)!.setAccessTier(accessTier, { rehydratePriority: 'Standard' });
  await thawEach([...byName.keys()], request, (error) => readName(error) === 'BlobBeingRehydrated');
  log(
    'info',
    `${blobs.length} blob(s) are archived: they are being moved to the tier ${accessTier}, which may take hours`,
  );
}

/** Asks for the tier of the settings, once, and resolves when the blob has it. Rejects when the run is to stop. */
export async function waitForRehydration(
  blob: BlockBlobClient,
  connection: AzureConnection,
  keyOptions: CustomerKeyOptions,
): Promise<void> {
  const { settings, log, signal } = connection;
  const { accessTier = 'Hot', rehydratePollMs = REHYDRATE_POLL_MS } = settings;
  const { archiveStatus } = await blob.getProperties(keyOptions);
  if (archiveStatus === undefined) {
    await blob.setAccessTier(accessTier, { rehydratePriority: 'Standard' });
    log('info', `${blob.name} is archived: it is being moved to the tier ${accessTier}, which may take hours`);
  }
  for (let polls = 1; ; polls++) {
    const { accessTier: tier } = await blob.getProperties(keyOptions);
    if (tier !== 'Archive') return;
    log('info', `${blob.name} is still being moved to the tier ${accessTier} (looked ${polls} time(s))`);
    await sleep(rehydratePollMs, undefined, signal === undefined ? {} : { signal });
  }
}
