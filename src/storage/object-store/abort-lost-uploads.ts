import type { ObjectAddress, ObjectStoreClient } from './client.js';

/**
 * Aborts what an attempt whose answer was lost has begun, as it would stay, and be paid for. To be called by a repeated
 * attempt, with the upload that it has begun itself: the lock of the run keeps out everybody else. Never rejects: what
 * stays is named as unfinished by those who look for it.
 */
export async function abortLostUploads(
  client: Pick<ObjectStoreClient, 'listUploads' | 'abortUpload'>,
  { bucket, key }: ObjectAddress,
  keep: string,
): Promise<void> {
  try {
    for (const upload of await client.listUploads({ bucket, prefix: key })) {
      if (upload.key !== key || upload.uploadId === keep) continue;
      await client.abortUpload({ bucket, key, uploadId: upload.uploadId, keep });
    }
  } catch {
    // Listing may be denied; the upload itself goes on.
  }
}
