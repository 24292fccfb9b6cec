/** Reads and checks the request of a scan, a query or a background query. Spec: wire.md 5.1, 5.4, 5.9. */
import { Field, Info1, Info2, Info3, Op, ResultCode } from '../../aerospike/protocol/constants.js';
import { DIGEST_BYTES, PARTITIONS, partitionId } from '../../core/partition.js';
import { Filter } from '../filter/filter.js';
import { OpCursor, UDF_OP_BACKGROUND, type Command } from '../protocol/command.js';
import { ErrorReply } from '../protocol/reply.js';
import type { SetInfo } from '../data/set-table.js';
import { COLLECTIONS, chooseIndex, createMatcher, parseIndexRange, type Matcher } from '../data/sindex-table.js';
import type { ClusterState } from '../cluster-state.js';
import type { NamespaceStore } from '../data/namespace-store.js';

/** One partition asked for. */
export interface PartitionTask {
  pid: number;
  /** Resume: only rows after this digest. */
  after: Buffer | undefined;
  /** Resume of an index query: only rows after this index value. */
  afterBval: bigint | undefined;
}

export interface QueryPlan {
  store: NamespaceStore;
  setName: string | undefined;
  /** Undefined though a set was named: nobody has ever written to it. */
  set: SetInfo | undefined;
  tasks: PartitionTask[];
  filter: Filter | undefined;
  /** Names of the selected bins; empty = all. */
  bins: Buffer[];
  noBins: boolean;
  /** 0 = no limit. */
  maxRecords: number;
  /** Rows per second; 0 = no limit. */
  rowsPerSecond: number;
  short: boolean;
  trid: bigint;
  index: { name: string; bin: string; match: Matcher } | undefined;
  background: boolean;
  pids: number;
  digests: number;
}

const cursor = new OpCursor();

/** Throws ErrorReply. */
export function planQuery(state: ClusterState, cmd: Command): QueryPlan {
  const store = cmd.nsStart < 0 ? undefined : state.storeAt(cmd.buf, cmd.nsStart, cmd.nsEnd);
  if (store === undefined) throw new ErrorReply(ResultCode.NAMESPACE);
  const setName = cmd.hasSet ? cmd.buf.toString('latin1', cmd.setStart, cmd.setEnd) : undefined;
  const rps = cmd.field(Field.RECORDS_PER_SECOND);
  const maxRecords = cmd.field(Field.MAX_RECORDS);
  const trid = cmd.field(Field.TASK_ID);
  if (rps !== undefined && rps.length !== 4) throw new ErrorReply(ResultCode.PARAMETER);
  if (maxRecords !== undefined && maxRecords.length !== 8) throw new ErrorReply(ResultCode.PARAMETER);
  if (trid !== undefined && trid.length !== 8) throw new ErrorReply(ResultCode.PARAMETER);
  const udfOp = cmd.field(Field.UDF_OP);
  const background = (cmd.info2 & Info2.WRITE) !== 0 || udfOp?.[0] === UDF_OP_BACKGROUND;
  const short = (cmd.info1 & Info1.SHORT_QUERY) !== 0;
  const plan: QueryPlan = {
    store,
    setName,
    set: setName === undefined ? undefined : store.sets.byName.get(setName),
    tasks: [],
    filter: undefined,
    bins: [],
    noBins: (cmd.info1 & Info1.GET_NO_BINS) !== 0,
    maxRecords: maxRecords === undefined ? 0 : Number(maxRecords.readBigUInt64BE(0)),
    rowsPerSecond: rps === undefined ? 0 : rps.readUInt32BE(0),
    short,
    trid: trid === undefined ? 0n : trid.readBigUInt64BE(0),
    index: undefined,
    background,
    pids: 0,
    digests: 0,
  };
  if (background && store.isReadOnly) throw new ErrorReply(ResultCode.FORBIDDEN);
  if (background) addEveryPartition(plan);
  else {
    if (udfOp !== undefined) throw new ErrorReply(ResultCode.UNSUPPORTED);
    addPartitions(plan, cmd);
    addBins(plan, cmd);
  }
  if (short && plan.rowsPerSecond !== 0) throw new ErrorReply(ResultCode.PARAMETER);
  if (cmd.filterStart >= 0) plan.filter = Filter.compile(cmd.buf.subarray(cmd.filterStart, cmd.filterEnd));
  addIndex(state, plan, cmd);
  return plan;
}

function addEveryPartition(plan: QueryPlan): void {
  for (let pid = 0; pid < PARTITIONS; pid++) plan.tasks.push({ pid, after: undefined, afterBval: undefined });
}

function addPartitions(plan: QueryPlan, cmd: Command): void {
  const pids = cmd.field(Field.PID_ARRAY);
  const digests = cmd.field(Field.DIGEST_ARRAY);
  if (pids === undefined && digests === undefined) throw new ErrorReply(ResultCode.UNSUPPORTED);
  if ((cmd.info3 & Info3.PARTITION_DONE) === 0) throw new ErrorReply(ResultCode.UNSUPPORTED);
  const seen = new Uint8Array(PARTITIONS);
  const add = (task: PartitionTask): void => {
    if (task.pid >= PARTITIONS || seen[task.pid] !== 0) throw new ErrorReply(ResultCode.PARAMETER);
    seen[task.pid] = 1;
    plan.tasks.push(task);
  };
  if (pids !== undefined) {
    if (pids.length === 0 || pids.length % 2 !== 0) throw new ErrorReply(ResultCode.PARAMETER);
    plan.pids = pids.length / 2;
    for (let at = 0; at < pids.length; at += 2) {
      add({ pid: pids.readUInt16LE(at), after: undefined, afterBval: undefined });
    }
  }
  if (digests === undefined) return;
  if (digests.length === 0 || digests.length % DIGEST_BYTES !== 0) throw new ErrorReply(ResultCode.PARAMETER);
  plan.digests = digests.length / DIGEST_BYTES;
  const bvals = cmd.field(Field.BVAL_ARRAY);
  const isIndexQuery = cmd.field(Field.INDEX_RANGE) !== undefined;
  if (isIndexQuery && bvals?.length !== plan.digests * 8) throw new ErrorReply(ResultCode.PARAMETER);
  for (let i = 0; i < plan.digests; i++) {
    // A copy: the frame's buffer is the socket's once the command has been read.
    const after = Buffer.from(digests.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES));
    add({ pid: partitionId(after, 0), after, afterBval: isIndexQuery ? bvals!.readBigInt64LE(i * 8) : undefined });
  }
}

function addBins(plan: QueryPlan, cmd: Command): void {
  cursor.reset(cmd.buf, cmd.opsStart, cmd.nOps);
  while (cursor.next()) {
    if (cursor.code !== Op.READ) throw new ErrorReply(ResultCode.PARAMETER);
    plan.bins.push(Buffer.from(cmd.buf.subarray(cursor.nameStart, cursor.nameEnd)));
  }
}

function addIndex(state: ClusterState, plan: QueryPlan, cmd: Command): void {
  const data = cmd.field(Field.INDEX_RANGE);
  if (data === undefined) return;
  const collection = COLLECTIONS[cmd.field(Field.INDEX_TYPE)?.[0] ?? 0];
  const range = collection === undefined ? undefined : parseIndexRange(Buffer.from(data), collection);
  if (range === undefined) throw new ErrorReply(ResultCode.PARAMETER);
  const name = cmd.field(Field.INDEX_NAME)?.toString('latin1');
  const context = cmd.field(Field.INDEX_CONTEXT)?.toString('base64');
  const index = chooseIndex(state.sindexes.in(plan.store.name), range, plan.setName, name, context);
  if (index === undefined) throw new ErrorReply(ResultCode.INDEX_NOT_FOUND);
  plan.index = { name: index.name, bin: index.bin, match: createMatcher(range) };
}
