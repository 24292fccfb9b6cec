/**
 * Scans partitions of a namespace on all nodes that hold them, in rounds of one command per node. Each round requests
 * only what the rounds before did not deliver, so that a scan continues after any failure (wire.md 5.5, asbackup.md
 * 5.11).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, ToolError } from '../../core/errors.js';
import { RetryBudget } from '../../core/retry.js';
import type { Cluster } from '../cluster/cluster.js';
import { ClusterError, ConnectionError, ServerError } from '../errors.js';
import { isOverload, isScanRetryable } from '../protocol/result-code.js';
import type { ScanSelection } from '../protocol/scan-request.js';
import { NodeScan } from './node-scan.js';
import type { PartitionTracker } from './partition-tracker.js';
import { formatPartitions } from './partitions-text.js';
import type { RecordSink } from './record-sink.js';

export type { RecordSink } from './record-sink.js';

/** Partitions are read again. */
export interface ScanEvent {
  type: 'scan.retry';
  partitions: number;
  /** Why the last attempt failed. */
  reason: string;
}

/** Time without progress after which a scan fails, if nothing else is set: an ordinary outage is shorter. */
export const DEFAULT_RETRY_BUDGET_MS = 60_000;

export interface ScanPolicy {
  /** Rounds in a row that may make no progress; more of them follow until `retryBudgetMs` is over. 0 = none at all. */
  maxRetries: number;
  sleepBetweenRetriesMs: number;
  /** Time without progress that a failing scan may last, beside `maxRetries`. Default DEFAULT_RETRY_BUDGET_MS. */
  retryBudgetMs?: number;
  /** Nodes are visited from this one on, so that several scans do not all begin at the same node. */
  firstNode: number;
  /** Stop after this many records; absent = all. Never more than that are delivered. */
  maxRecords?: number;
  signal?: AbortSignal;
  /** Receives an event for every round that left something to do. */
  emit?(event: ScanEvent): void;
}

interface Round {
  rows: number;
  error: unknown;
}

/**
 * Runs until every partition of `tracker` is done. Throws ClusterError CLUSTER_PARTITIONS when retries are used up,
 * ServerError for a non-transient result code, ProtocolError for an answer that does not fit the request, what the
 * handler threw, or the signal's reason.
 */
export async function scanPartitions(
  cluster: Cluster,
  selection: ScanSelection,
  tracker: PartitionTracker,
  handler: RecordSink,
  policy: ScanPolicy,
): Promise<void> {
  const { maxRetries, sleepBetweenRetriesMs, signal, retryBudgetMs = DEFAULT_RETRY_BUDGET_MS } = policy;
  const deadline = selection.totalTimeoutMs > 0 ? Date.now() + selection.totalTimeoutMs : Infinity;
  const budget = new RetryBudget({ budgetMs: retryBudgetMs });
  let failedRounds = 0;
  let recordsLeft = policy.maxRecords ?? Infinity;
  let leftBefore = tracker.pendingCount;
  for (;;) {
    signal?.throwIfAborted();
    const round = await scanRound(cluster, selection, tracker, handler, policy, deadline, recordsLeft);
    recordsLeft -= round.rows;
    const left = tracker.pendingCount;
    if (left === 0 || recordsLeft <= 0) return;
    const progress = round.rows > 0 || left < leftBefore;
    leftBefore = left;
    if (progress) budget.reset();
    failedRounds = progress ? 0 : failedRounds + 1;
    const backoffMs = budget.nextDelayMs();
    const retriesLeft = failedRounds <= maxRetries || (maxRetries > 0 && backoffMs !== undefined);
    if (!retriesLeft || Date.now() >= deadline) throw scanFailure(tracker.pending(), round.error);
    policy.emit?.({ type: 'scan.retry', partitions: left, reason: errorMessage(round.error) });
    // What was refused for want of capacity must not be asked for at once, even after progress.
    const backsOff = failedRounds > 1 || isOverloadError(round.error);
    const pauseMs = Math.max(sleepBetweenRetriesMs, backsOff ? (backoffMs ?? 0) : 0);
    if (pauseMs > 0) await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    try {
      await cluster.refresh();
    } catch (error) {
      // The next round runs with the map as it was and counts this failure as its own.
      policy.emit?.({ type: 'scan.retry', partitions: left, reason: errorMessage(error) });
    }
  }
}

function scanFailure(partitions: readonly number[], cause: unknown): ClusterError {
  const text = `${partitions.length} partition(s) could not be read (${formatPartitions(partitions)}): ${errorMessage(cause)}`;
  const hint = cause instanceof ToolError ? cause.hint : undefined;
  return new ClusterError('CLUSTER_PARTITIONS', text, { cause, hint });
}

/** One command to every node that has something left. */
async function scanRound(
  cluster: Cluster,
  selection: ScanSelection,
  tracker: PartitionTracker,
  handler: RecordSink,
  policy: ScanPolicy,
  deadline: number,
  recordsLeft: number,
): Promise<Round> {
  const byNode = cluster.assignPartitions(selection.namespace, tracker.pending(), tracker.failures);
  let error: unknown = new ClusterError('CLUSTER_PARTITIONS', 'no known node holds them');
  const nodes = [...byNode.keys()].sort((a, b) => (a.name < b.name ? -1 : 1));
  let rows = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(i + policy.firstNode) % nodes.length]!;
    const partitions = byNode.get(node)!;
    const scan = new NodeScan(selection, tracker, handler, node);
    // Nodes are asked one after another, so each may be asked for all that is left.
    const records = recordsLeft - rows;
    if (records <= 0) break;
    try {
      await scan.run(partitions, { deadline, records, signal: policy.signal });
    } catch (failure) {
      if (!isTransient(failure)) throw failure;
      error = failure;
    }
    if (scan.partitionError !== undefined) error = scan.partitionError;
    rows += scan.rows;
    tracker.failOver(partitions);
  }
  return { rows, error };
}

function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ServerError && isScanRetryable(error.resultCode));
}

function isOverloadError(error: unknown): boolean {
  return error instanceof ServerError && isOverload(error.resultCode);
}
