import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { closeStorages, openStorage } from '../../../src/service/settings/open-storage.js';
import { scratch } from '../../support/target.js';

const directory = scratch();
afterEach(async () => {
  vi.useRealTimers();
  await closeStorages();
});

test('a local storage is opened with files that nobody else reads', async () => {
  const path = join(directory.path, 'a');
  mkdirSync(path);
  const opened = await openStorage({ 'local-storage': { path } }, {});
  const { storage, root } = opened;
  expect(root).toBe(path);
  const local = await storage.forPath(root);
  await local.writeSmall(join(root, 'x'), 'text', 'a file');
  expect(statSync(join(path, 'x')).mode & 0o777).toBe(0o600);
  await local.ensureDirectory(join(root, 'd'));
  expect(statSync(join(path, 'd')).mode & 0o777).toBe(0o700);
  await opened.close();
  expect(existsSync(path)).toBe(true);
});

test('a storage that is opened again within ten minutes has the same client, and a new one later', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const entity = { 's3-storage': { bucket: 'b', 's3-region': 'r', path: '/p/' } };
  const first = await openStorage(entity, {});
  await first.close();
  const second = await openStorage(entity, {});
  expect(second.root).toBe('s3://b/p');
  expect(second.storage).toBe(first.storage);
  vi.setSystemTime(Date.now() + 11 * 60_000);
  const close = vi.spyOn(second.storage, 'close');
  const third = await openStorage(entity, {});
  expect(third.storage).not.toBe(first.storage);
  // It is in use, and closed with its last user.
  expect(close).not.toHaveBeenCalled();
  await second.close();
  expect(close).toHaveBeenCalledOnce();
  await third.close();
});

test('a storage whose secret cannot be had is tried again at the next use', async () => {
  const entity = {
    's3-storage': { bucket: 'b', 's3-region': 'r', 'access-key-id': 'secrets:a:b', 'secret-access-key': 'secrets:a:c' },
  };
  await expect(openStorage(entity, {})).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
  await expect(openStorage(entity, {})).rejects.toMatchObject({ code: 'SERVICE_INVALID' });
});
