/**
 * Indexes and UDF modules of a backup (asrestore.md 4.3, 4.4). One after another, on the main thread. A failure is
 * logged, kept for the end of the run, and stops nothing: no record is left out because an index could not be made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import { createSindex, dropSindex, listSindexes, waitForSindex } from '../../aerospike/commands/sindex.js';
import { putUdf, waitForUdf } from '../../aerospike/commands/udf.js';
import type { MetadataEntry, Sindex } from '../../core/sindex.js';
import { errorMessage } from '../../core/errors.js';
import { errorEvent, type Log, logEvent } from '../../core/log.js';
import {
  restoredUdfLine,
  sindexMatchedLine,
  sindexMismatchedLine,
  sindexUnwantedLine,
} from '../../ui/messages/restore.js';
import { RestoreFailure } from './errors.js';

/** The set that C tools write for an index without one, taken from what servers print (asb-format.md 1.3). */
const NULL_SET = 'null';
const DROP_POLLS = 10;
const DROP_POLL_MS = 1000;

export interface GlobalSettings {
  namespace?: { from: string; to: string };
  sets: readonly string[];
  noIndexes: boolean;
  noUdfs: boolean;
  indexesLast: boolean;
  wait: boolean;
  signal?: AbortSignal;
}

type Outcome = 'created' | 'matched' | 'mismatched';

export class MetadataRestorer {
  /** Lines seen to, as the C tool counts them: those that match and those of unwanted sets included. */
  sindexes = 0;
  udfs = 0;
  readonly failures: Error[] = [];

  private readonly deferred: Sindex[] = [];
  private readonly restored: Sindex[] = [];
  private readonly udfNames: string[] = [];
  private unwanted = 0;
  private matched = 0;
  private mismatched = 0;
  /** Entries come from several threads and are seen to in the order of their arrival. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: GlobalSettings,
    private readonly log: Log,
  ) {}

  /** Settles when the entry has been seen to; for an index under `indexesLast`, when it has been noted. Never rejects. */
  restoreEntry(entry: MetadataEntry): Promise<void> {
    this.last = this.last.then(() =>
      entry.kind === 'udf' ? this.takeUdf(entry.name, entry.content) : this.takeSindex(entry.sindex),
    );
    return this.last;
  }

  /** After the last record: what was put off, then the statistics, then the waiting. Never rejects. */
  async finish(nullSetSeen: boolean): Promise<void> {
    await this.last;
    for (const sindex of this.deferred) {
      let wanted = sindex;
      if (sindex.set === NULL_SET && !nullSetSeen && !this.settings.sets.includes(NULL_SET)) {
        const text =
          `Index ${sindex.name} is restored without a set: the backup names the set "${NULL_SET}", which is how ` +
          'asbackup writes "no set" for servers from 8.0, and holds no record of a set of that name';
        this.log.info(logEvent('restore.sindex.no-set', text, { name: sindex.name }));
        wanted = { ...sindex, set: '' };
      }
      await this.restoreSindex(wanted);
    }
    if (this.unwanted > 0) this.log.info(sindexUnwantedLine(this.unwanted));
    if (this.matched > 0) this.log.info(sindexMatchedLine(this.matched));
    if (this.mismatched > 0) this.log.error(sindexMismatchedLine(this.mismatched));
    if (this.settings.wait) await this.waitForAll();
  }

  /** In place of `finish` when the run has stopped before its end: nothing more is created. */
  abandon(): void {
    for (const { name } of this.deferred) this.fail(`index ${name}`, 'the run stopped before its turn came.');
  }

  private async takeUdf(name: string, content: Uint8Array): Promise<void> {
    if (this.settings.noUdfs) return;
    this.udfs++;
    this.log.info(restoredUdfLine(name, content.length));
    try {
      await putUdf(this.cluster, name, Buffer.from(content.buffer, content.byteOffset, content.byteLength));
      this.udfNames.push(name);
    } catch (error) {
      this.fail(`UDF file ${name}`, error);
    }
  }

  private async takeSindex(sindex: Sindex): Promise<void> {
    const { namespace, sets, noIndexes, indexesLast } = this.settings;
    if (noIndexes) return;
    this.sindexes++;
    if (namespace !== undefined && sindex.namespace !== namespace.from) {
      const text = `it belongs to namespace "${sindex.namespace}", but --namespace says "${namespace.from}".`;
      this.fail(`index ${sindex.name}`, new RestoreFailure('RESTORE_NAMESPACE', text));
      return;
    }
    if (sets.length > 0 && !sets.includes(sindex.set)) {
      this.unwanted++;
      this.tell('restore.sindex.skip', 'Skipping index with unwanted set', sindex);
      return;
    }
    const target = namespace === undefined ? sindex : { ...sindex, namespace: namespace.to };
    // Whether a set "null" is one can be told when all records have been seen.
    if (indexesLast || target.set === NULL_SET) this.deferred.push(target);
    else await this.restoreSindex(target);
  }

  private async restoreSindex(sindex: Sindex): Promise<void> {
    this.tell('restore.sindex', 'Restoring index', sindex);
    try {
      const outcome = await this.ensureIndex(sindex);
      if (outcome === 'matched') this.matched++;
      else if (outcome === 'mismatched') this.mismatched++;
      this.restored.push(sindex);
    } catch (error) {
      this.fail(`index ${sindex.name}`, error);
    }
  }

  private async ensureIndex(sindex: Sindex): Promise<Outcome> {
    let existing = await this.find(sindex);
    if (existing !== undefined && isSame(existing, sindex)) return 'matched';
    if (existing !== undefined) {
      this.tell('restore.sindex.replace', 'Replacing index', existing);
      await dropSindex(this.cluster, sindex.namespace, sindex.name);
      for (let poll = 0; poll < DROP_POLLS; poll++) {
        existing = await this.find(sindex);
        if (existing === undefined) break;
        if (isSame(existing, sindex)) return 'mismatched';
        await sleep(DROP_POLL_MS);
      }
      if (existing !== undefined) {
        throw new RestoreFailure('RESTORE_GLOBALS', 'the index of that name could not be dropped.');
      }
    }
    await createSindex(this.cluster, sindex);
    return 'created';
  }

  private async find({ namespace, name }: Sindex): Promise<Sindex | undefined> {
    const { sindexes } = await listSindexes(this.cluster, namespace);
    return sindexes.find((sindex) => sindex.name === name);
  }

  private async waitForAll(): Promise<void> {
    const { signal } = this.settings;
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

  private fail(what: string, cause: unknown, doing = 'restore'): void {
    const error = new RestoreFailure('RESTORE_GLOBALS', `Cannot ${doing} ${what}: ${errorMessage(cause)}`, { cause });
    this.log.error(errorEvent(error));
    this.failures.push(error);
  }

  private tell(event: string, doing: string, sindex: Sindex): void {
    const { namespace, set, name, bin } = sindex;
    this.log.verbose(logEvent(event, `${doing} ${describe(sindex)}`, { namespace, set, name, bin }));
  }
}

/** The C tool compares the same things, but takes "no set" and a set "null" for different ones (asrestore.md 4.3). */
function isSame(a: Sindex, b: Sindex): boolean {
  return (
    a.set === b.set &&
    a.indexType === b.indexType &&
    a.bin === b.bin &&
    a.dataType === b.dataType &&
    a.context === b.context &&
    a.expression === b.expression
  );
}

function describe({ namespace, set, name, bin }: Sindex): string {
  return `${namespace}:${set}:${name} (${bin})`;
}
