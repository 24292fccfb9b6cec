/** Objects of S3 and of services that speak its protocol: `s3://BUCKET/KEY` (asbackup.md 10). */
import type { MessagePort } from 'node:worker_threads';
import { errorMessage } from '../../core/errors.js';
import type { DriverContext, OpenStorage, StorageDriver } from '../driver.js';
import type { Storage } from '../storage.js';
import type { S3Settings } from './config.js';
import { parseS3Path } from './path.js';
import { S3_CAPABILITIES } from './storage.js';

const PREFIX = 's3://';

export const s3Driver: StorageDriver<S3Settings> = {
  capabilities: S3_CAPABILITIES,

  joinPath(directory, name) {
    // node:path calls the directory of a name without a slash `.`.
    return name === '.' ? directory : `${directory.replace(/\/+$/, '')}/${name}`;
  },

  canonicalPath(path) {
    return `${PREFIX}${path.slice(PREFIX.length).replace(/\/+$/, '')}`;
  },

  checkPath(path) {
    try {
      parseS3Path(path);
      return undefined;
    } catch (error) {
      return errorMessage(error);
    }
  },

  async open({ settings, log, signal }: DriverContext<S3Settings>): Promise<OpenStorage> {
    const { S3Hub } = await import('./host.js');
    const hub = new S3Hub(settings, log, () => signal?.aborted === true);
    return { storage: hub.storage(), serve: (port) => hub.serve(port), close: () => hub.end() };
  },

  async openRemote(settings: S3Settings, port: MessagePort): Promise<Storage> {
    const { linkedStorage } = await import('./host.js');
    return linkedStorage(port, settings);
  },
};
