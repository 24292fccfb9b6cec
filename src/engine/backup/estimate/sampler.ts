/** Reads some records without writing them anywhere: for estimates, and to prove that a scan can start. */
import type { Cluster } from '../../../aerospike/cluster/cluster.js';
import type { PartitionFilter } from '../../../aerospike/config.js';
import { PartitionTracker } from '../../../aerospike/commands/partition-tracker.js';
import { scanPartitions } from '../../../aerospike/commands/scan.js';
import type { ScanSelection } from '../../../aerospike/protocol/scan-request.js';
import { RecordEncoder } from '../../../asb/encoder.js';
import { errorMessage } from '../../../core/errors.js';
import { partitionId } from '../../../core/partition.js';
import type { RecordView } from '../../../core/record-view.js';
import type { RunContext } from '../../../core/run-context.js';
import type { BackupConfig } from '../config.js';

export interface SampleHandler {
  /** One record was read; its size in bytes of text. The view is valid during the call only. */
  record(bytes: number, view: RecordView): void;
  /** The text of the records so far, which is the handler's until the promise settles. */
  text(chunk: Buffer): Promise<void>;
}

/** Goes through the same encoder as a backup. Throws what a scan throws. */
export async function sampleRecords(
  cluster: Cluster,
  config: BackupConfig,
  context: Pick<RunContext, 'signal' | 'emit'>,
  selection: ScanSelection,
  filters: readonly PartitionFilter[],
  maxRecords: number,
  handler: SampleHandler,
): Promise<void> {
  const encoder = new RecordEncoder({ namespace: config.namespace, compact: config.compact });
  let failure: Error | undefined;
  let writing: Promise<void> | undefined;
  const flush = (): void => {
    const chunk = encoder.drain();
    const before = writing ?? Promise.resolve();
    const next: Promise<void> = before
      .then(() => handler.text(chunk))
      .catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(errorMessage(error));
      })
      .then(() => {
        if (writing === next) writing = undefined;
      });
    writing = next;
  };
  await scanPartitions(
    cluster,
    selection,
    new PartitionTracker(filters),
    {
      row: (view) => {
        const before = encoder.length;
        encoder.encode(view);
        handler.record(encoder.length - before, view);
        if (encoder.full) flush();
      },
      waitForDrain: () => {
        if (failure !== undefined) throw failure;
        return writing;
      },
    },
    {
      maxRetries: config.maxRetries,
      ...(config.retryBudgetMs === undefined ? {} : { retryBudgetMs: config.retryBudgetMs }),
      sleepBetweenRetriesMs: config.sleepBetweenRetriesMs,
      firstNode: 0,
      maxRecords,
      signal: context.signal,
      emit: (event) => {
        context.emit(event);
      },
    },
  );
  if (encoder.length > 0) flush();
  await writing;
  if (failure !== undefined) throw failure;
}

/**
 * Asks for one record of the first partition. Whatever the server refuses, a filter expression or a missing privilege,
 * it refuses here, before anything is created or deleted (asbackup.md 12, faults 27 and 28).
 */
export async function preflightScan(
  cluster: Cluster,
  config: BackupConfig,
  context: Pick<RunContext, 'signal' | 'emit'>,
  selection: ScanSelection,
  filters: readonly PartitionFilter[],
): Promise<void> {
  const [first] = filters;
  if (first === undefined) return;
  const begin = first.kind === 'range' ? first.begin : partitionId(first.digest, 0);
  const one: PartitionFilter = { kind: 'range', begin, count: 1 };
  const ignored: SampleHandler = { record: () => undefined, text: () => Promise.resolve() };
  await sampleRecords(cluster, config, context, { ...selection, recordsPerSecond: 0 }, [one], 1, ignored);
}
