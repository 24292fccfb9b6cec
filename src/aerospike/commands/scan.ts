/**
 * Scans partitions of a namespace over all nodes that hold them, and goes on after whatever breaks: rounds of one
 * command per node, each asking only for what the rounds before did not deliver (wire.md 5.5, asbackup.md 5.11).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../core/errors.js';
import type { Cluster } from '../cluster/cluster.js';
import type { Connection } from '../connection/connection.js';
import { ClusterError, ConnectionError, ProtocolError, ServerError } from '../errors.js';
import type { FrameConsumer } from '../protocol/frame-reader.js';
import type { ClusterNode } from '../cluster/node.js';
import type { PartitionTracker } from './partition-tracker.js';
import { FrameType } from '../protocol/constants.js';
import { isScanRetryable } from '../protocol/result-code.js';
import { Message, RowView } from '../protocol/row-view.js';
import { scanRequest, type ScanSelection } from '../protocol/scan-request.js';
import { withReauth, SessionEnded } from '../connection/reauth.js';

/** Takes the records of a scan. */
export interface RecordSink {
  /** One record; the view and the bytes under it are valid during the call only. HOT PATH. */
  row(view: RowView): void;
  /** After a stretch of records: a promise to wait for before more are read, if what was handed over piles up. */
  waitForDrain(): Promise<void> | undefined;
}

export interface ScanPolicy {
  /** Rounds after one that delivered nothing. */
  maxRetries: number;
  sleepBetweenRetriesMs: number;
  /** Nodes are visited from this one on, so that several scans do not all begin at the same node. */
  firstNode: number;
  /** Stop after this many records; absent = all. Never more than that are delivered. */
  maxRecords?: number;
  signal?: AbortSignal;
  /** Told of every round that left something to do. */
  onRetry?(error: unknown, partitionsLeft: number): void;
}

/**
 * Runs until every partition of `tracker` is done. Throws ClusterError CLUSTER_PARTITIONS when retries are used up,
 * ServerError for a refusal that would not pass, what the handler threw, or the signal's reason.
 */
export async function scanPartitions(
  cluster: Cluster,
  selection: ScanSelection,
  tracker: PartitionTracker,
  handler: RecordSink,
  policy: ScanPolicy,
): Promise<void> {
  const deadline = selection.totalTimeoutMs > 0 ? Date.now() + selection.totalTimeoutMs : Infinity;
  let fruitless = 0;
  let recordsLeft = policy.maxRecords ?? Infinity;
  for (;;) {
    policy.signal?.throwIfAborted();
    const round = await scanRound(cluster, selection, tracker, handler, policy, deadline, recordsLeft);
    recordsLeft -= round.rows;
    const left = tracker.pending();
    if (left.length === 0 || recordsLeft <= 0) return;
    fruitless = round.rows > 0 ? 0 : fruitless + 1;
    if (fruitless > policy.maxRetries || Date.now() >= deadline) {
      const text = `${left.length} partition(s) could not be read (${formatPartitions(left)}): ${errorMessage(round.error)}`;
      throw new ClusterError('CLUSTER_PARTITIONS', text, round.error);
    }
    policy.onRetry?.(round.error, left.length);
    if (policy.sleepBetweenRetriesMs > 0) {
      await sleep(
        policy.sleepBetweenRetriesMs,
        undefined,
        policy.signal === undefined ? {} : { signal: policy.signal },
      );
    }
    try {
      await cluster.refresh();
    } catch (error) {
      // The next round runs with the map as it was and counts this failure as its own.
      policy.onRetry?.(error, left.length);
    }
  }
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
): Promise<{ rows: number; error: unknown }> {
  const byNode = new Map<ClusterNode, number[]>();
  let error: unknown = new ClusterError('CLUSTER_PARTITIONS', 'No node holds them.');
  for (const partition of tracker.pending()) {
    const node = cluster.nodeForAttempt(selection.namespace, partition, tracker.replicaIndex(partition));
    if (node === undefined) continue;
    const list = byNode.get(node);
    if (list === undefined) byNode.set(node, [partition]);
    else list.push(partition);
  }
  const nodes = [...byNode.keys()].sort((a, b) => (a.name < b.name ? -1 : 1));
  let rows = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[(i + policy.firstNode) % nodes.length]!;
    const partitions = byNode.get(node)!;
    const scan = new NodeScan(tracker, handler, node);
    // Nodes are asked one after another, so each may be asked for all that is left.
    const limit = recordsLeft - rows;
    if (limit <= 0) break;
    try {
      await scan.run(selection, partitions, deadline, limit, policy.signal);
    } catch (failure) {
      if (!isTransient(failure)) throw failure;
      error = failure;
    }
    if (scan.partitionError !== undefined) error = scan.partitionError;
    rows += scan.rows;
    for (const partition of partitions) if (tracker.isPending(partition)) tracker.failOver(partition);
  }
  return { rows, error };
}

/** The server collects about this much before it sends. */
const SERVER_BUFFER_BYTES = 1024 * 1024;
/** The least a record takes on the wire: header, namespace, digest. */
const MIN_ROW_BYTES = 55;

/**
 * How long a connection may be silent. With a low record rate the server is silent for as long as it takes to fill its
 * buffer, which is not a fault.
 */
function idleLimitMs({ recordsPerSecond, socketTimeoutMs, totalTimeoutMs }: ScanSelection): number {
  const limitMs = socketTimeoutMs || totalTimeoutMs;
  if (recordsPerSecond === 0 || limitMs === 0) return limitMs;
  return limitMs + Math.ceil((SERVER_BUFFER_BYTES / MIN_ROW_BYTES / recordsPerSecond) * 1000);
}

function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ServerError && isScanRetryable(error.resultCode));
}

/** The answer of one node to one scan command. */
class NodeScan implements FrameConsumer {
  readonly frameType = FrameType.MESSAGE;
  rows = 0;
  /** Why a partition was not served, if one was not. */
  partitionError: ServerError | undefined;
  private readonly view = new RowView();
  private connection: Connection | undefined;
  private settle: ((error?: unknown) => void) | undefined;
  private readonly unserved = new Set<number>();

  constructor(
    private readonly tracker: PartitionTracker,
    private readonly handler: RecordSink,
    private readonly node: ClusterNode,
  ) {}

  run(
    selection: ScanSelection,
    partitions: readonly number[],
    deadline: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return withReauth(() => this.attempt(selection, partitions, deadline, limit - this.rows, signal));
  }

  private async attempt(
    selection: ScanSelection,
    partitions: readonly number[],
    deadline: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const rowsBefore = this.rows;
    const whole: number[] = [];
    const digests: Buffer[] = [];
    for (const partition of partitions) {
      // Not what a first attempt, under a session that ended, has completed.
      if (!this.tracker.isPending(partition)) continue;
      const digest = this.tracker.cursorDigest(partition);
      if (digest === undefined) whole.push(partition);
      else digests.push(digest);
    }
    const request = scanRequest(
      selection,
      randomBytes(8).readBigUInt64BE(),
      whole,
      Buffer.concat(digests),
      limit === Infinity ? 0n : BigInt(limit),
    );
    const connection = await this.node.acquire();
    this.connection = connection;
    const onAbort = (): void => this.settle?.(signal?.reason);
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.settle = (error) => {
          if (error === undefined) resolve();
          else reject(error instanceof Error ? error : new Error(errorMessage(error)));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted === true) onAbort();
        if (deadline !== Infinity) {
          const text = `The scan on ${connection.where} did not finish within --total-timeout.`;
          const late = new ConnectionError('NET_TIMEOUT', connection.where, text);
          timer = setTimeout(() => this.settle?.(late), Math.max(0, deadline - Date.now()));
        }
        connection.request(request, this, idleLimitMs(selection));
      });
      connection.release();
      this.node.release(connection);
      // A node that has sent as many records as it was asked for may have more.
      if (this.rows - rowsBefore >= limit) return;
      for (const partition of partitions) if (!this.unserved.has(partition)) this.tracker.complete(partition);
    } catch (error) {
      // Whatever is still on its way must not reach the next user of the connection.
      connection.close();
      if (error instanceof ServerError && this.node.sessionEnded(connection, error.resultCode)) {
        throw new SessionEnded(connection.where, error.resultCode);
      }
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  fail(error: Error): void {
    this.settle?.(error);
  }

  /** HOT PATH. */
  consume(buffer: Buffer, start: number, end: number, frameEnd: boolean): number {
    const { view, handler, tracker } = this;
    let pos = start;
    while (pos < end) {
      const kind = view.parse(buffer, pos, end);
      if (kind === Message.RECORD) {
        handler.row(view);
        tracker.advance(buffer, view.digestStart);
        this.rows++;
      } else if (kind === Message.INCOMPLETE) {
        break;
      } else {
        this.marker(kind);
      }
      pos = view.end;
    }
    if (frameEnd && pos < end)
      throw new ProtocolError(`${this.node.endpoint} sent a record that its frame cuts short.`);
    this.waitForDrain();
    return pos - start;
  }

  private marker(kind: number): void {
    const { resultCode, partition } = this.view;
    const failure =
      resultCode === 0 ? undefined : new ServerError(resultCode, `The scan on ${this.node.endpoint} failed`);
    if (kind !== Message.PARTITION) {
      this.settle?.(failure);
    } else if (failure === undefined) {
      this.tracker.complete(partition);
    } else {
      this.unserved.add(partition);
      this.partitionError = failure;
    }
  }

  /** Stops reading until the handler has room again. */
  private waitForDrain(): void {
    const pressure = this.handler.waitForDrain();
    if (pressure === undefined) return;
    this.connection?.pause();
    pressure.then(
      () => this.connection?.resume(),
      (error: unknown) => this.settle?.(error),
    );
  }
}

/** `0-99, 200, 300-301, …`: partition ids for a message. */
export function formatPartitions(partitions: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < partitions.length;) {
    let j = i;
    while (j + 1 < partitions.length && partitions[j + 1] === partitions[j]! + 1) j++;
    parts.push(i === j ? String(partitions[i]) : `${partitions[i]!}-${partitions[j]!}`);
    if (parts.length === 10 && j + 1 < partitions.length) return `${parts.join(', ')}, …`;
    i = j + 1;
  }
  return parts.join(', ');
}
