import { StorageError } from '../errors.js';

/** Loads a package that need not be installed. Throws StorageError `PREFIX_PACKAGE` if it is not. */
export async function loadPackage<T>(prefix: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const text = `This storage and its credentials need the package ${name}, which is not installed: run npm install ${name}`;
    throw new StorageError(`${prefix}_PACKAGE`, text, { cause: error });
  }
}
