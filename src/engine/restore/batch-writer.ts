/**
 * Batches records per master node, keeps a bounded number of frames in flight, and sends again only the rows that
 * failed for a reason that passes (asrestore.md 6).
 *
 * HOT PATH: `add`. A promise and a few objects per frame, nothing per record.
 */
import { setMaxListeners } from 'node:events';
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import type { WriteTimeouts } from '../../aerospike/commands/write.js';
import { ServerError } from '../../aerospike/errors.js';
import { MAX_FRAME_BODY_BYTES, ResultCode } from '../../aerospike/protocol/constants.js';
import {
  namespaceField,
  type WritableRecord,
  type WriteFrame,
  type WritePolicy,
} from '../../aerospike/protocol/write-frame.js';
import type { Decoder } from '../../asb/decoder.js';
import type { RecordScanner } from '../../asb/record-scanner.js';
import { Condition } from '../../core/condition.js';
import { errorMessage } from '../../core/errors.js';
import type { EmitEvent } from '../../core/events.js';
import { partitionId } from '../../core/partition.js';
import type { WorkerCounts } from './counters.js';
import { FramePool } from './frame-pool.js';
import { sendFrame } from './frame-sender.js';
import { FrameSizer } from './frame-sizer.js';
import { OverloadBrake } from './overload-brake.js';
import { PartitionMap } from './partition-map.js';
import { RetryPolicy, type RetrySettings } from './retry-policy.js';
import { type Remainder, RowSettler, type SettlerSettings, type StopControl } from './row-settler.js';
import { waitUntil } from '../../core/abort.js';

export interface BatchWriterSettings extends WriteTimeouts, RetrySettings, SettlerSettings {
  /** A frame of so many rows is sent as soon as it is large. Also the least that `rowsPerFrame` is lowered to. */
  minRowsPerFrame: number;
  framesInFlight: number;
  /** Absent: records go to the namespace they came from. */
  namespace?: { from: string; to: string };
}

export interface BatchRecord extends WritableRecord {
  /** Of the file; the same string object as long as it does not change. */
  namespace: string;
  namespaceBytes: Buffer;
}

export interface BatchWriterHooks {
  emit: EmitEvent;
  /** The counters have changed. */
  counted(): void;
  /** No record is written any more. Called once. */
  stopped(error: Error): void;
}

/** A frame is sent at this size although it could hold more rows. */
const MAX_FRAME_BYTES = 1024 * 1024;
/** For each row that a frame may have: a frame of larger rows needs fewer of them. */
const FLUSH_BYTES_PER_ROW = 192;
const MIN_FLUSH_BYTES = 96 * 1024;
/** Slot 0 has no node (PartitionMap). */
const FIRST_NODE_SLOT = 1;
/** After a stop, answers are awaited for so long. */
const STOP_GRACE_MS = 10_000;

export class BatchWriter implements StopControl {
  /** Records that had to lose their "persist index" bits. */
  persistBitsCleared = 0;

  private readonly partitionMap: PartitionMap;
  private readonly frames: FramePool;
  private readonly retries: RetryPolicy;
  private readonly settler: RowSettler;
  private readonly brake = new OverloadBrake();
  private readonly sizer: FrameSizer;
  private readonly changed = new Condition();
  /** Under construction, by slot of the partition map. */
  private readonly open: (WriteFrame | undefined)[] = [];
  /** Sent, or waiting to be sent again. */
  private inFlight = 0;
  /** Runs while no new frames are wanted. */
  private brakeTimer: NodeJS.Timeout | undefined;
  private stopReason: Error | undefined;
  private readonly stopping = new AbortController();
  private readonly giveUp = new AbortController();
  private refreshing: Promise<void> | undefined;

  /** Of the last record; undefined = everything has to be looked up anew. */
  private namespace: string | undefined;
  private namespaceField: Buffer = Buffer.alloc(0);
  private slots: Uint16Array = new Uint16Array(0);
  /** The text of the namespace that the scanner takes records of. */
  private scannedNamespace: Buffer | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: BatchWriterSettings,
    private readonly counts: WorkerCounts,
    private readonly hooks: BatchWriterHooks,
    private readonly scanner?: RecordScanner,
  ) {
    this.partitionMap = new PartitionMap(cluster);
    this.frames = new FramePool(settings.mode, scanner?.frames);
    this.retries = new RetryPolicy(settings);
    this.settler = new RowSettler(settings, counts, this.frames, this.retries, this, hooks.emit);
    const { minRowsPerFrame, rowsPerFrame, totalTimeoutMs } = settings;
    this.sizer = new FrameSizer(minRowsPerFrame, rowsPerFrame, totalTimeoutMs);
    setMaxListeners(0, this.stopping.signal, this.giveUp.signal);
  }

  /** True when `waitForDrain` should be awaited before more is added. */
  get busy(): boolean {
    return this.inFlight >= this.settings.framesInFlight || this.brakeTimer !== undefined;
  }

  get stopped(): boolean {
    return this.stopReason !== undefined;
  }

  /** Records whose ordered collections had to be sorted. */
  get sorted(): number {
    return this.settler.sorted;
  }

  /** Copies a record into the frame of its node; it ends in exactly one counter. */
  add(record: BatchRecord, policy: WritePolicy, generation: number, ttlS: number): void {
    if (record.namespace !== this.namespace) this.selectNamespace(record);
    const slot = this.slots[partitionId(record.digest, 0)]!;
    let frame = this.open[slot];
    if (frame === undefined) this.open[slot] = frame = this.frames.acquireNew();
    if (frame.append(record, policy, this.namespaceField, generation, ttlS) !== 0) this.persistBitsCleared++;
    if (frame.length >= this.flushBytes ? this.isFull(frame) : frame.rows >= this.rowsPerFrame) this.sendOpen(slot);
  }

  /**
   * Lets the scanner append the next records of the decoder's text. True = a frame was sent and it may go on; false =
   * the next entry is for `add`, or there are no more.
   */
  addScanned(decoder: Decoder): boolean {
    const { scanner, open, settings } = this;
    // The namespace is selected by `add`, which gets the first record of each file.
    if (scanner === undefined || this.stopped || this.busy || decoder.namespace !== this.namespace) return false;
    if (this.scannedNamespace !== decoder.namespaceText) {
      this.scannedNamespace = decoder.namespaceText;
      scanner.setNamespace(decoder.namespaceText, this.namespaceField);
    }
    const { rowsPerFrame } = this;
    scanner.setFrameLimits(rowsPerFrame, settings.minRowsPerFrame, this.flushBytes, MAX_FRAME_BYTES);
    const slots = Math.min(this.partitionMap.nodes.length, scanner.maxSlots);
    for (let slot = FIRST_NODE_SLOT; slot < slots; slot++) {
      const frame = (open[slot] ??= this.frames.acquireNew());
      if (frame.atHome) scanner.setSlot(slot, frame, frame.length, frame.rows);
      else scanner.clearSlot(slot);
    }
    const full = decoder.scanRecords(scanner);
    for (let slot = FIRST_NODE_SLOT; slot < slots; slot++) {
      const frame = open[slot]!;
      if (frame.atHome) frame.adoptRows(scanner.getSlotRows(slot), scanner.getSlotLength(slot));
    }
    if (full) this.sendOpen(scanner.fullSlot);
    return full;
  }

  private get rowsPerFrame(): number {
    return Math.min(this.settler.rowsPerFrame, this.sizer.rows);
  }

  /** More in a frame saves nothing worth waiting for (docs/adr/0005-hot-paths.md). */
  private get flushBytes(): number {
    return Math.max(MIN_FLUSH_BYTES, this.sizer.rows * FLUSH_BYTES_PER_ROW);
  }

  /** For a frame that has `flushBytes`. */
  private isFull({ rows, length }: WriteFrame): boolean {
    return rows >= Math.min(this.rowsPerFrame, this.settings.minRowsPerFrame) || length >= MAX_FRAME_BYTES;
  }

  /** Resolves when `busy` is false, or the run has stopped. */
  async waitForDrain(): Promise<void> {
    while (this.busy && !this.stopped) await this.changed.wait();
  }

  /** Sends what is left and waits for all answers. Throws what stopped the run. */
  async finish(): Promise<void> {
    if (!this.stopped) this.open.forEach((frame, slot) => frame !== undefined && this.sendOpen(slot));
    while (this.inFlight > 0) await this.changed.wait();
    for (const frame of this.open) this.counts.failed += frame?.rows ?? 0;
    this.open.length = 0;
    clearTimeout(this.brakeTimer);
    this.hooks.counted();
    if (this.stopReason !== undefined) throw this.stopReason;
  }

  /** Sends nothing more. Answers to what was sent are awaited for a while. */
  stop(reason: Error): void {
    if (this.stopReason !== undefined) return;
    this.stopReason = reason;
    this.stopping.abort();
    setTimeout(() => this.giveUp.abort(), STOP_GRACE_MS).unref();
    this.hooks.stopped(reason);
    this.changed.notify();
  }

  private selectNamespace(record: BatchRecord): void {
    const { namespace: mapping } = this.settings;
    const target = mapping?.to ?? record.namespace;
    if (!this.cluster.hasNamespace(target)) {
      this.stop(new ServerError(ResultCode.NAMESPACE, `Cannot write records of namespace "${target}"`));
    }
    this.namespaceField = namespaceField(mapping === undefined ? record.namespaceBytes : Buffer.from(target));
    this.slots = this.partitionMap.getSlots(target);
    this.namespace = record.namespace;
    this.scannedNamespace = undefined;
    this.scanner?.setRoutes(this.slots);
  }

  private sendOpen(slot: number): void {
    const frame = this.open[slot];
    if (frame === undefined || frame.rows === 0) return;
    this.open[slot] = undefined;
    this.inFlight++;
    this.send(frame, slot);
  }

  /** `frame` is counted in `inFlight`. */
  private send(frame: WriteFrame, slot: number): void {
    if (frame.length > MAX_FRAME_BODY_BYTES && frame.rows > 1) {
      this.distribute(frame, 1);
      return;
    }
    // Never rejects: every error ends in `stop` and the counters.
    void this.deliver(frame, this.partitionMap.nodes[slot]);
  }

  private async deliver(frame: WriteFrame, node: ClusterNode | undefined): Promise<void> {
    try {
      const { rows } = frame;
      const sentAt = performance.now();
      const outcome = await sendFrame(frame, node, this.settings, this.giveUp.signal, (error) => this.stop(error));
      const durationMs = performance.now() - sentAt;
      const remainder = this.settler.settle(frame, outcome);
      if (outcome.kind === 'answered') this.sizer.recordAnswer(rows, durationMs, remainder.overloaded);
      this.sendRemainder(remainder);
    } catch (error) {
      // A fault of this program. Rows that were not counted yet are found missing at the end of the run.
      this.stop(error instanceof Error ? error : new Error(errorMessage(error)));
    }
    this.endFrame();
  }

  private sendRemainder({ retry, resend, refreshMap, overloaded, reason }: Remainder): void {
    if (retry !== undefined) {
      this.inFlight++;
      void this.sendLater(retry, this.retries.pauseMs(retry.attempt), refreshMap, reason);
    }
    if (resend !== undefined) {
      this.inFlight++;
      this.distribute(resend, this.rowsPerFrame);
    }
    const pauseMs = this.brake.recordAnswer(overloaded);
    if (pauseMs > 0) this.holdNewFrames(pauseMs);
  }

  private holdNewFrames(pauseMs: number): void {
    clearTimeout(this.brakeTimer);
    this.brakeTimer = setTimeout(() => {
      this.brakeTimer = undefined;
      this.changed.notify();
    }, pauseMs);
  }

  /** `frame` is counted in `inFlight`. Never rejects. */
  private async sendLater(frame: WriteFrame, pauseMs: number, refreshMap: boolean, reason: string): Promise<void> {
    try {
      const { rows, attempt } = frame;
      this.hooks.emit({ type: 'write.retry', records: rows, attempt, pauseMs, reason });
      if (pauseMs > 0) await this.pause(pauseMs);
      if (refreshMap && !this.stopped) await this.refreshMap();
      this.distribute(frame, this.rowsPerFrame);
    } catch (error) {
      this.stop(error instanceof Error ? error : new Error(errorMessage(error)));
      this.endFrame();
    }
  }

  /** Sends the rows of a frame, which is counted in `inFlight`, to the current masters. */
  private distribute(frame: WriteFrame, rowsPerFrame: number): void {
    if (this.stopped) {
      this.settler.discard(frame);
      this.endFrame();
      return;
    }
    const bySlot = new Map<number, WriteFrame>();
    const sendSlot = (slot: number, part: WriteFrame): void => {
      bySlot.delete(slot);
      this.inFlight++;
      this.send(part, slot);
    };
    for (let row = 0; row < frame.rows; row++) {
      const slots = this.partitionMap.getSlots(frame.rowNamespace(row));
      const slot = slots[partitionId(frame.buffer, frame.digestOffset(row))]!;
      let part = bySlot.get(slot);
      if (part === undefined) bySlot.set(slot, (part = this.frames.acquire(frame.attempt)));
      part.appendCopy(frame, row);
      if (part.rows >= rowsPerFrame || part.length >= MAX_FRAME_BYTES) sendSlot(slot, part);
    }
    for (const [slot, part] of [...bySlot]) sendSlot(slot, part);
    this.frames.release(frame);
    this.endFrame();
  }

  private refreshMap(): Promise<void> {
    this.refreshing ??= this.cluster
      .refresh()
      .catch((error: unknown) => this.hooks.emit({ type: 'cluster.refresh', reason: errorMessage(error) }))
      .finally(() => {
        this.partitionMap.invalidate();
        this.namespace = undefined;
        this.refreshing = undefined;
      });
    return this.refreshing;
  }

  private endFrame(): void {
    this.inFlight--;
    this.hooks.counted();
    this.changed.notify();
  }

  /** Resolves after `ms`, or when the run stops. */
  pause(ms: number): Promise<void> {
    return waitUntil(ms, this.stopping.signal);
  }
}
