/**
 * The ids of the blocks of an upload. Azure has no uploads, only blocks of a blob that are not committed yet; so the id
 * of each block names the upload and the number of the part. A part that is sent again replaces the block, as a
 * continued upload needs it. All ids of a blob must have the same length.
 */
import { randomBytes } from 'node:crypto';

export interface BlockName {
  uploadId: string;
  number: number;
}

const NUMBER_DIGITS = 6;
const PATTERN = /^u([0-9a-f]{12})([0-9]{6})$/;

/** 48 random bits in hex. */
export function createUploadId(): string {
  return randomBytes(6).toString('hex');
}

export function formatBlockId({ uploadId, number }: BlockName): string {
  return Buffer.from(`u${uploadId}${String(number).padStart(NUMBER_DIGITS, '0')}`, 'latin1').toString('base64');
}

/** Undefined for a block that another program has written. */
export function parseBlockId(id: string): BlockName | undefined {
  const match = PATTERN.exec(Buffer.from(id, 'base64').toString('latin1'));
  return match === null ? undefined : { uploadId: match[1]!, number: Number(match[2]) };
}
