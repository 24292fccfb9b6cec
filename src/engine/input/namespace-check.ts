/**
 * Whether the entries of a file are of the namespace that is expected: the one given, else the one of the file's
 * header.
 * A backup holds one namespace; an entry of another one was not written by a backup (asrestore.md 5.1).
 */
import type { Meta } from '../../asb/decoder.js';
import type { Sindex } from '../../core/sindex.js';
import { InputError } from './errors.js';

export class NamespaceCheck {
  /** Of the file's header; undefined = it names none. */
  private inHeader: string | undefined;
  /** The namespace of the last record, which was accepted. */
  private accepted: string | undefined;

  /** @param wanted undefined = that of each file */
  constructor(private readonly wanted: string | undefined) {}

  /** To be called before the first entry of each file. */
  startFile(): void {
    this.inHeader = undefined;
    this.accepted = undefined;
  }

  get expected(): string | undefined {
    return this.wanted ?? this.inHeader;
  }

  /** Throws RESTORE_NAMESPACE for a file of another namespace. */
  checkMeta(file: string, { namespace }: Readonly<Meta>): void {
    if (namespace === undefined) return;
    if (this.wanted !== undefined && namespace !== this.wanted) {
      throw namespaceError(`${file} is a backup of namespace "${namespace}", not of "${this.wanted}"`);
    }
    this.inHeader = namespace;
  }

  /**
   * HOT: the namespace of a record is the same string object as long as it does not change. Throws RESTORE_NAMESPACE.
   */
  checkRecord(namespace: string): void {
    if (namespace !== this.accepted) this.acceptRecord(namespace);
  }

  /** Throws RESTORE_NAMESPACE. */
  checkSindex({ namespace, name }: Sindex): void {
    const { expected } = this;
    if (expected !== undefined && namespace !== expected) {
      throw namespaceError(`the index ${name} is of namespace "${namespace}", not of "${expected}"`);
    }
  }

  private acceptRecord(namespace: string): void {
    const { expected } = this;
    if (expected !== undefined && namespace !== expected) {
      throw namespaceError(`it holds a record of namespace "${namespace}", not of "${expected}"`);
    }
    this.accepted = namespace;
  }
}

function namespaceError(message: string): InputError {
  return new InputError('RESTORE_NAMESPACE', message, { hint: 'source-namespace' });
}
