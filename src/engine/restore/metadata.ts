/**
 * Restores the indexes and UDF modules of a backup (asrestore.md 4.3, 4.4), one after another, on the main thread. A
 * failure is reported, kept for the end of the run, and stops nothing: no record is left out because an index could not
 * be made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { createSindex, dropSindex, listSindexes, waitForSindex } from '../../aerospike/commands/sindex.js';
import { putUdf, waitForUdf } from '../../aerospike/commands/udf.js';
import { errorMessage, serializeError, ToolError } from '../../core/errors.js';
import type { EmitEvent } from '../../core/events.js';
import type { MetadataEntry, Sindex } from '../../core/sindex.js';
import { MAX_METADATA_ENTRIES } from '../../asb/format.js';
import { RestoreFailure } from './errors.js';
import type { RenamedSet } from './set-renamer.js';

/** The set that C tools write for an index without one, taken from what servers print (asb-format.md 1.3). */
export const NULL_SET = 'null';
const DROP_POLLS = 10;
const DROP_POLL_MS = 1000;

export interface MetadataConfig {
  namespace?: { from: string; to: string };
  sets: readonly string[];
  excludedSets?: readonly string[];
  renamedSets?: readonly RenamedSet[];
  noIndexes: boolean;
  noUdfs: boolean;
  indexesLast: boolean;
  wait: boolean;
}

/**
 * What an index of the backup becomes. `foreign`: it is of another namespace than its file. `unwanted`: its set is not
 * restored.
 */
export function targetSindex(
  sindex: Sindex,
  fileNamespace: string | undefined,
  { namespace, sets, excludedSets = [], renamedSets = [] }: MetadataConfig,
): Sindex | 'foreign' | 'unwanted' {
  const expected = namespace?.from ?? fileNamespace;
  if (expected !== undefined && sindex.namespace !== expected) return 'foreign';
  if ((sets.length > 0 && !sets.includes(sindex.set)) || excludedSets.includes(sindex.set)) return 'unwanted';
  const set = renamedSets.find(({ from }) => from === sindex.set)?.to ?? sindex.set;
  return { ...sindex, namespace: namespace?.to ?? sindex.namespace, set };
}

type Outcome = 'created' | 'matched' | 'mismatched';

export class MetadataRestorer {
  /** Entries processed, as the C tool counts them: those that match and those of unwanted sets included. */
  sindexes = 0;
  udfs = 0;
  readonly failures: Error[] = [];

  private readonly deferred: Sindex[] = [];
  private readonly restored: Sindex[] = [];
  private readonly udfNames: string[] = [];
  private unwanted = 0;
  private matched = 0;
  private mismatched = 0;
  /** Entries come from several threads and are restored in the order of their arrival. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly cluster: Cluster,
    private readonly config: MetadataConfig,
    private readonly emit: EmitEvent,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Settles when the entry has been restored, or kept for `finish`. `fileNamespace`: what the entry's file says its
   * namespace is. Never rejects.
   */
  restoreEntry(entry: MetadataEntry, fileNamespace: string | undefined): Promise<void> {
    this.last = this.last.then(() =>
      entry.kind === 'udf'
        ? this.restoreUdf(entry.name, entry.content)
        : this.receiveSindex(entry.sindex, fileNamespace),
    );
    return this.last;
  }

  /** After the last record: the indexes that were put off, then the statistics, then the waiting. Never rejects. */
  async finish(nullSetSeen: boolean): Promise<void> {
    await this.last;
    for (const sindex of this.deferred) {
      let wanted = sindex;
      if (sindex.set === NULL_SET && !nullSetSeen && !this.config.sets.includes(NULL_SET)) {
        this.emit({ type: 'restore.sindex.no-set', name: sindex.name });
        wanted = { ...sindex, set: '' };
      }
      await this.restoreSindex(wanted);
    }
    if (this.unwanted > 0) this.emit({ type: 'restore.sindexes.skipped', sindexes: this.unwanted });
    if (this.matched > 0) this.emit({ type: 'restore.sindexes.matched', sindexes: this.matched });
    if (this.mismatched > 0) this.emit({ type: 'restore.sindexes.mismatched', sindexes: this.mismatched });
    if (this.config.wait) await this.waitForAll();
  }

  /** In place of `finish` when the run has stopped before its end: nothing more is created. */
  abort(): void {
    for (const { name } of this.deferred) this.fail(`index ${name}`, 'the run stopped before its turn came');
  }

  private async restoreUdf(name: string, content: Uint8Array): Promise<void> {
    if (this.config.noUdfs) return;
    this.udfs++;
    this.emit({ type: 'restore.udf', name, bytes: content.length });
    try {
      await putUdf(this.cluster, name, Buffer.from(content.buffer, content.byteOffset, content.byteLength));
      if (this.config.wait) this.udfNames.push(name);
    } catch (error) {
      this.fail(`UDF file ${name}`, error);
    }
  }

  private async receiveSindex(sindex: Sindex, fileNamespace: string | undefined): Promise<void> {
    const { noIndexes, indexesLast } = this.config;
    if (noIndexes) return;
    this.sindexes++;
    const target = targetSindex(sindex, fileNamespace, this.config);
    if (target === 'foreign') {
      const expected = this.config.namespace?.from ?? fileNamespace ?? '';
      const text = `it belongs to namespace "${sindex.namespace}", not to "${expected}"`;
      this.fail(`index ${sindex.name}`, new RestoreFailure('RESTORE_NAMESPACE', text, { hint: 'source-namespace' }));
      return;
    }
    if (target === 'unwanted') {
      this.unwanted++;
      this.emitSindex('restore.sindex.skip', sindex);
      return;
    }
    // Whether a set "null" is one is known when all records have been seen.
    if (!indexesLast && target.set !== NULL_SET) {
      await this.restoreSindex(target);
    } else if (this.deferred.length < MAX_METADATA_ENTRIES) {
      this.deferred.push(target);
    } else {
      this.fail(`index ${sindex.name}`, 'there are too many indexes to be created after the records');
    }
  }

  private async restoreSindex(sindex: Sindex): Promise<void> {
    this.emitSindex('restore.sindex', sindex);
    try {
      const outcome = await this.ensureIndex(sindex);
      if (outcome === 'matched') this.matched++;
      else if (outcome === 'mismatched') this.mismatched++;
      if (this.config.wait) this.restored.push(sindex);
    } catch (error) {
      this.fail(`index ${sindex.name}`, error);
    }
  }

  private async ensureIndex(sindex: Sindex): Promise<Outcome> {
    let existing = await this.find(sindex);
    if (existing !== undefined && isSameSindex(existing, sindex)) return 'matched';
    if (existing !== undefined) {
      if (existing.set !== sindex.set && this.isRenamed(sindex.set)) {
        const text = `set "${existing.set}" has an index of that name, and names are unique in a namespace`;
        throw new RestoreFailure('RESTORE_GLOBALS', text);
      }
      this.emitSindex('restore.sindex.replace', existing);
      await dropSindex(this.cluster, sindex.namespace, sindex.name);
      for (let poll = 0; poll < DROP_POLLS; poll++) {
        existing = await this.find(sindex);
        if (existing === undefined) break;
        if (isSameSindex(existing, sindex)) return 'mismatched';
        await sleep(DROP_POLL_MS);
      }
      if (existing !== undefined) {
        throw new RestoreFailure('RESTORE_GLOBALS', 'the index of that name could not be dropped');
      }
    }
    await createSindex(this.cluster, sindex);
    return 'created';
  }

  /** The index of that name may be the one that the renamed set still has. */
  private isRenamed(set: string): boolean {
    return this.config.renamedSets?.some(({ to }) => to === set) === true;
  }

  private async find({ namespace, name }: Sindex): Promise<Sindex | undefined> {
    const { sindexes } = await listSindexes(this.cluster, namespace);
    return sindexes.find((sindex) => sindex.name === name);
  }

  private async waitForAll(): Promise<void> {
    const { signal } = this;
    for (const { namespace, name } of this.restored) {
      try {
        await waitForSindex(this.cluster, namespace, name, signal);
      } catch (error) {
        this.fail(`index ${name}`, error, 'wait for');
      }
    }
    for (const name of this.udfNames) {
      try {
        await waitForUdf(this.cluster, name, signal);
      } catch (error) {
        this.fail(`UDF file ${name}`, error, 'wait for');
      }
    }
  }

  private fail(what: string, cause: unknown, operation = 'restore'): void {
    const hint = (cause instanceof ToolError ? cause.hint : undefined) ?? 'omit-metadata';
    const text = `Cannot ${operation} ${what}: ${errorMessage(cause)}`;
    const error = new RestoreFailure('RESTORE_GLOBALS', text, { cause, hint });
    this.emit({ type: 'error', error: serializeError(error) });
    this.failures.push(error);
  }

  private emitSindex(
    type: 'restore.sindex' | 'restore.sindex.replace' | 'restore.sindex.skip',
    { namespace, set, name, bin }: Sindex,
  ): void {
    this.emit({ type, namespace, set, name, bin });
  }
}

/** The C tool compares the same things, but takes "no set" and a set "null" for different ones (asrestore.md 4.3). */
export function isSameSindex(a: Sindex, b: Sindex): boolean {
  return (
    a.set === b.set &&
    a.indexType === b.indexType &&
    a.bin === b.bin &&
    a.dataType === b.dataType &&
    a.context === b.context &&
    a.expression === b.expression
  );
}
