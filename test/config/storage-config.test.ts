import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openStorages } from '../../src/config/storage-config.js';

const NO_PROXY = { s3: false, gs: false, azblob: false };
const DEPENDENCIES = {
  log: { info: () => undefined, error: () => undefined, verbose: () => undefined },
  signal: new AbortController().signal,
  env: {},
};

describe('openStorages', () => {
  for (const [storage, code] of [
    ['s3', 'S3_CUSTOMER_KEY'],
    ['gs', 'GS_CUSTOMER_KEY'],
    ['azblob', 'AZBLOB_CUSTOMER_KEY'],
  ] as const) {
    it(`refuses a customer key of ${storage} that is none at once, without repeating it`, () => {
      const customerKey = randomBytes(31).toString('base64');
      const open = (): unknown => openStorages({ [storage]: { customerKey } }, NO_PROXY, DEPENDENCIES);
      expect(open).toThrow(expect.objectContaining({ code }));
      expect(open).toThrow(/not the base64 of 32 bytes$/);
    });

    it(`accepts a customer key of ${storage} of 32 bytes`, async () => {
      const customerKey = randomBytes(32).toString('base64');
      await openStorages({ [storage]: { customerKey } }, NO_PROXY, DEPENDENCIES).close();
    });
  }
});
