/** A bound for the indexes and UDF modules of one file, so that a small file cannot make a run work without end. */
import { InputError } from './errors.js';

/** A namespace has at most a few hundred indexes, a cluster rarely more modules. */
export const MAX_METADATA_ENTRIES = 10_000;

export class MetadataLimit {
  private entries = 0;

  /** To be called before the first entry of each file. */
  startFile(): void {
    this.entries = 0;
  }

  /** To be called for each index and module. Throws INPUT_LIMIT. */
  countEntry(file: string): void {
    if (++this.entries <= MAX_METADATA_ENTRIES) return;
    const text = `${file} holds more than ${MAX_METADATA_ENTRIES} indexes and UDF modules, which no backup does`;
    throw new InputError('INPUT_LIMIT', text);
  }
}
