/** Scans and queries: rows of the partitions asked for, in order, until all are done. Spec: wire.md 5. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Info3, ResultCode } from '../../aerospike/protocol/constants.js';
import { RecordBuilder } from '../data/record-builder.js';
import type { QueryJob } from './job-table.js';
import { Command, OpCursor } from '../protocol/command.js';
import type { FaultInjection } from '../fault-injection.js';
import type { StoredRecord } from '../data/partition.js';
import type { PartitionTask, QueryPlan } from './query-plan.js';
import type { CommandTime } from './read.js';
import { createRecordContext } from '../filter/record-context.js';
import { ReplyWriter } from '../protocol/reply.js';
import { RowStream } from '../protocol/row-stream.js';
import { isExpired } from '../data/namespace-store.js';
import { executeWrite } from './write.js';

/** A scan lets other connections have a turn after this many records. */
const RECORDS_PER_TURN = 20_000;
/** A throttled scan sleeps in steps of this many milliseconds. */
const THROTTLE_STEP_MS = 20;

export interface ScanContext {
  plan: QueryPlan;
  job: QueryJob;
  time: CommandTime;
  faultInjection: FaultInjection;
  /** Result code of a partition that this node can't serve, 0 if it can. */
  checkPartition: (pid: number) => number;
  /** 5.2: servers before 6.0 mark finished partitions. */
  marksDone: boolean;
  isClosed: () => boolean;
  send: (bytes: Buffer, done?: () => void) => Promise<void> | undefined;
}

interface Candidate {
  record: StoredRecord;
  bval: bigint | undefined;
}

const cursor = new OpCursor();

/** Sends all rows and LAST; returns the result code of LAST. */
export async function runScan(context: ScanContext): Promise<number> {
  const { plan, faultInjection } = context;
  const stream = new RowStream((bytes, done) => context.send(bytes, done));
  const end = faultInjection.nextScanEnd();
  const scan = new Scan(context, stream, end?.afterRows ?? Infinity);
  // 5.2: nothing is known of the set, so there is nothing to look at.
  const hopeless = plan.setName !== undefined && plan.set === undefined;
  for (const task of plan.tasks) {
    const refusal = faultInjection.faultsInForce.partitionResults?.get(task.pid) ?? context.checkPartition(task.pid);
    if (refusal !== 0) stream.addBare(Info3.PARTITION_DONE, refusal, task.pid);
    else {
      if (!hopeless) await scan.partition(task);
      if (context.marksDone) stream.addBare(Info3.PARTITION_DONE, ResultCode.OK, task.pid);
    }
    if (scan.finished || context.isClosed()) break;
  }
  let result: number = ResultCode.OK;
  if (end !== undefined) result = end.result;
  else if (context.job.aborted) result = ResultCode.SCAN_ABORT;
  if (!plan.short) await stream.flush();
  stream.addBare(Info3.LAST, result);
  await stream.flush();
  return result;
}

class Scan {
  finished = false;
  private examined = 0;
  private readonly startedMs = Date.now();
  private readonly limit: number;

  constructor(
    private readonly context: ScanContext,
    private readonly stream: RowStream,
    stopAfter: number,
  ) {
    const { maxRecords } = context.plan;
    this.limit = Math.min(maxRecords === 0 ? Infinity : maxRecords, stopAfter);
    if (this.limit === 0) this.finished = true;
  }

  async partition(task: PartitionTask): Promise<void> {
    const { plan, job } = this.context;
    const simple = plan.index === undefined && plan.bins.length === 0 && !plan.noBins;
    const throttled = plan.rowsPerSecond !== 0;
    if (plan.index !== undefined) {
      for (const { record, bval } of this.matches(task)) {
        if (record.length !== 0 && this.emit(record, bval)) await this.pause();
        if (this.isOver()) return;
      }
      return;
    }
    const rows = plan.store.listRows(task.pid, task.after, plan.set);
    const { length } = rows;
    for (let i = 0; i < length; i++) {
      const record = rows.get(i);
      this.examined++;
      if (this.isWanted(record)) {
        if (simple) {
          this.stream.addWhole(record);
          job.rows++;
          if (job.rows >= this.limit) this.finished = true;
        } else this.emit(record, undefined);
      }
      if (this.isOver()) return;
      if (this.stream.isFull || throttled) await this.pause();
    }
    if (this.examined >= RECORDS_PER_TURN) {
      this.examined = 0;
      this.stream.endRun();
      await nextTurn();
    }
  }

  private isOver(): boolean {
    return this.finished;
  }

  private isWanted(record: StoredRecord): boolean {
    const { plan, time } = this.context;
    if (record.length === 0) return false;
    if (plan.setName !== undefined && record.set !== plan.set) return false;
    if (!plan.store.isReadOnly && isExpired(record, time.nowS)) return false;
    return plan.filter === undefined || plan.filter.matches(createRecordContext(plan.store, record, time));
  }

  /** Adds a row that isn't sent as it is stored. True if the stream wants to be flushed. */
  private emit(record: StoredRecord, bval: bigint | undefined): boolean {
    const { plan, job } = this.context;
    const { stream } = this;
    const at = stream.beginRow(record, bval, plan.noBins);
    if (!plan.noBins) {
      const opsEnd = record.offset + record.length;
      if (plan.bins.length === 0) stream.addOps(record.slab, record.offset + record.opsStart, opsEnd);
      else {
        const found = this.addSelected(record);
        // 5.4: a record with none of the selected bins is left out, and isn't counted.
        if (found === 0) {
          stream.dropRow(at);
          return false;
        }
        stream.endRow(at, found);
      }
    }
    job.rows++;
    if (job.rows >= this.limit) this.finished = true;
    return stream.isFull || plan.rowsPerSecond !== 0;
  }

  private addSelected(record: StoredRecord): number {
    let found = 0;
    for (const name of this.context.plan.bins) {
      cursor.reset(record.slab, record.offset + record.opsStart, record.nOps);
      while (cursor.next()) {
        if (cursor.nameEnd - cursor.nameStart !== name.length) continue;
        if (record.slab.compare(name, 0, name.length, cursor.nameStart, cursor.nameEnd) !== 0) continue;
        this.stream.addOps(record.slab, cursor.start, cursor.end);
        found++;
        break;
      }
    }
    return found;
  }

  /** 5.3: the matches of an index query in a partition in ascending order of index value, then digest. */
  private matches(task: PartitionTask): Candidate[] {
    const { plan } = this.context;
    const { store } = plan;
    const index = plan.index!;
    const found: Candidate[] = [];
    // Ascending by digest; a stable sort keeps that order among equal index values.
    const rows = store.listRows(task.pid, undefined, plan.set);
    for (let i = rows.length - 1; i >= 0; i--) {
      const record = rows.get(i);
      this.examined++;
      if (!this.isWanted(record)) continue;
      const bval = index.match(RecordBuilder.fromRecord(record).get(index.bin));
      if (bval === undefined) continue;
      if (task.after !== undefined && task.afterBval !== undefined) {
        if (bval < task.afterBval) continue;
        if (bval === task.afterBval && store.compareDigest(record, task.after) <= 0) continue;
      }
      found.push({ record, bval });
    }
    return found.sort((a, b) => (a.bval! < b.bval! ? -1 : a.bval! > b.bval! ? 1 : 0));
  }

  /** Hands on what is gathered if there is a proto full of it, and keeps to the number of rows per second. */
  private async pause(): Promise<void> {
    const { plan, job } = this.context;
    if (this.stream.isFull) await this.stream.flush();
    if (plan.rowsPerSecond !== 0) {
      const dueMs = this.startedMs + (job.rows / plan.rowsPerSecond) * 1000;
      if (dueMs - Date.now() > THROTTLE_STEP_MS) {
        await this.stream.flush();
        while (dueMs > Date.now() && !this.context.isClosed()) {
          await sleep(Math.min(THROTTLE_STEP_MS, Math.max(1, dueMs - Date.now())));
        }
      }
    }
    if (job.aborted || this.context.isClosed()) this.finished = true;
  }
}

function pidBytes(pid: number): Buffer {
  return Buffer.from([pid & 0xff, pid >> 8]);
}

/** 5.9: applies the ops of a background query to every match. Its answer has been sent already. */
export async function runBackground(context: ScanContext, cmd: Command): Promise<void> {
  const { plan, job, time } = context;
  if (cmd.nOps === 0) return;
  const replies = new ReplyWriter(1024);
  const row = new Command();
  row.buf = cmd.buf;
  row.info2 = cmd.info2;
  row.ttl = cmd.ttl;
  row.opsStart = cmd.opsStart;
  row.opsEnd = cmd.opsEnd;
  row.nOps = cmd.nOps;
  for (const { pid } of plan.tasks) {
    for (const record of plan.store.partition(pidBytes(pid), 0).descending()) {
      if (record.length === 0 || isExpired(record, time.nowS)) continue;
      if (plan.setName !== undefined && record.set !== plan.set) continue;
      if (plan.filter?.matches(createRecordContext(plan.store, record, time)) === false) continue;
      if (
        plan.index?.match(RecordBuilder.fromRecord(record).get(plan.index.bin)) === undefined &&
        plan.index !== undefined
      )
        continue;
      // The record names its own set and digest; a copy, for writing moves the record.
      row.digestBuf = Buffer.from(record.slab.subarray(record.offset, record.offset + record.opsStart));
      row.digestStart = plan.store.digestAt;
      row.impliedSet = true;
      executeWrite(plan.store, row, undefined, time, replies);
      job.rows++;
      replies.takeBytes();
    }
    if (pid % 64 === 0) await nextTurn();
  }
}
