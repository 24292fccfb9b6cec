/** List operations. Spec: wire.md 12.1. */
import { ResultCode } from '../../aerospike/protocol/constants.js';
import {
  selectEqual,
  readIntegerArgument,
  selectInterval,
  invert,
  resolveIndex,
  selectRange,
  rankOrder,
  selectRelativeRange,
  formatResult,
  type Selection,
} from './select.js';
import { Float, List, compare, type Value } from '../protocol/msgpack.js';
import { ErrorReply, throwParameterError } from '../protocol/reply.js';

const ListOp = {
  SET_TYPE: 0,
  APPEND: 1,
  APPEND_ITEMS: 2,
  INSERT: 3,
  INSERT_ITEMS: 4,
  POP: 5,
  POP_RANGE: 6,
  REMOVE: 7,
  REMOVE_RANGE: 8,
  SET: 9,
  TRIM: 10,
  CLEAR: 11,
  INCREMENT: 12,
  SORT: 13,
  SIZE: 16,
  GET: 17,
  GET_RANGE: 18,
  BY_INDEX: 19,
  BY_VALUE: 20,
  BY_RANK: 21,
  ALL_BY_VALUE: 22,
  ALL_BY_VALUE_LIST: 23,
  BY_INDEX_RANGE: 24,
  BY_VALUE_INTERVAL: 25,
  BY_RANK_RANGE: 26,
  BY_VALUE_REL_RANK_RANGE: 27,
  REMOVE_BY_INDEX: 32,
  LAST_REMOVE_BY: 40,
} as const;
/** A "remove by" op chooses as the "get by" op this far below does. */
const REMOVE_TO_GET = ListOp.REMOVE_BY_INDEX - ListOp.BY_INDEX;

const WriteFlag = { ADD_UNIQUE: 1, INSERT_BOUNDED: 2, NO_FAIL: 4, PARTIAL: 8 } as const;
const ORDERED = 1;
const SortFlag = { DESCENDING: 1, DROP_DUPLICATES: 2 } as const;
/** An index may not pad a list beyond this. */
const MAX_LIST_ITEMS = 1 << 20;

export function isListRead(code: number): boolean {
  return code >= ListOp.SIZE && code <= ListOp.BY_VALUE_REL_RANK_RANGE;
}

/** Whether the op makes a list where there is none. */
export function createsList(code: number): boolean {
  return (code >= ListOp.APPEND && code <= ListOp.INSERT_ITEMS) || code === ListOp.SET || code === ListOp.INCREMENT;
}

export function listRead(list: List, code: number, args: readonly Value[]): Value | undefined {
  const { items } = list;
  switch (code) {
    case ListOp.SIZE:
      return BigInt(items.length);
    case ListOp.GET:
      return items[resolveIndex(items.length, readIntegerArgument(args[0]))];
    case ListOp.GET_RANGE:
      return new List(selectRange(items.length, readIntegerArgument(args[0]), optional(args[1])).map((i) => items[i]!));
    default: {
      const returnType = readIntegerArgument(args[0]);
      return formatResult(invert(select(list, code, args.slice(1)), items.length, returnType), returnType, items);
    }
  }
}

function select(list: List, code: number, args: readonly Value[]): Selection {
  const { items } = list;
  const [first] = args;
  if (first === undefined) return throwParameterError();
  switch (code) {
    case ListOp.BY_INDEX:
      return one(resolveIndex(items.length, readIntegerArgument(first)));
    case ListOp.BY_RANK:
      return one(rankOrder(items)[resolveIndex(items.length, readIntegerArgument(first))]!);
    case ListOp.BY_VALUE:
      return { positions: selectEqual(items, [first]).slice(0, 1), single: true };
    case ListOp.ALL_BY_VALUE:
      return many(selectEqual(items, [first]));
    case ListOp.ALL_BY_VALUE_LIST:
      return first instanceof List ? many(selectEqual(items, first.items)) : throwParameterError();
    case ListOp.BY_INDEX_RANGE:
      return many(selectRange(items.length, readIntegerArgument(first), optional(args[1])));
    case ListOp.BY_VALUE_INTERVAL:
      return many(selectInterval(items, first, args[1]));
    case ListOp.BY_RANK_RANGE: {
      const order = rankOrder(items);
      return many(selectRange(items.length, readIntegerArgument(first), optional(args[1])).map((rank) => order[rank]!));
    }
    case ListOp.BY_VALUE_REL_RANK_RANGE:
      return many(selectRelativeRange(items, rankOrder(items), first, readIntegerArgument(args[1]), optional(args[2])));
    default:
      return throwParameterError();
  }
}

function one(position: number): Selection {
  return { positions: [position], single: true };
}

function many(positions: number[]): Selection {
  return { positions, single: false };
}

function optional(value: Value | undefined): number | undefined {
  return value === undefined ? undefined : readIntegerArgument(value);
}

/** Changes `list`; `isNew`: it has just been made for this op. */
export function listModify(list: List, code: number, args: readonly Value[], isNew: boolean): Value | undefined {
  const { items } = list;
  if (code >= ListOp.REMOVE_BY_INDEX && code <= ListOp.LAST_REMOVE_BY) {
    const returnType = readIntegerArgument(args[0]);
    const selection = invert(select(list, code - REMOVE_TO_GET, args.slice(1)), items.length, returnType);
    const result = formatResult(selection, returnType, [...items]);
    removeAt(items, selection.positions);
    return result;
  }
  switch (code) {
    case ListOp.SET_TYPE:
      list.ordered = (readIntegerArgument(args[0]) & ORDERED) !== 0;
      if (list.ordered) items.sort(compare);
      return undefined;
    case ListOp.APPEND:
    case ListOp.APPEND_ITEMS: {
      if (isNew) list.ordered = (optional(args[1]) ?? 0) === ORDERED;
      add(list, items.length, itemsArg(args[0], code === ListOp.APPEND_ITEMS), optional(args[2]) ?? 0);
      return BigInt(items.length);
    }
    case ListOp.INSERT:
    case ListOp.INSERT_ITEMS: {
      if (list.ordered) throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
      const flags = optional(args[2]) ?? 0;
      const at = insertPosition(items, readIntegerArgument(args[0]), flags);
      add(list, at, itemsArg(args[1], code === ListOp.INSERT_ITEMS), flags);
      return BigInt(items.length);
    }
    case ListOp.POP:
      return items.splice(resolveIndex(items.length, readIntegerArgument(args[0])), 1)[0];
    case ListOp.REMOVE:
      items.splice(resolveIndex(items.length, readIntegerArgument(args[0])), 1);
      return 1n;
    case ListOp.POP_RANGE:
    case ListOp.REMOVE_RANGE: {
      const removed = removeAt(items, selectRange(items.length, readIntegerArgument(args[0]), optional(args[1])));
      return code === ListOp.POP_RANGE ? new List(removed) : BigInt(removed.length);
    }
    case ListOp.TRIM: {
      const keep = new Set(selectRange(items.length, readIntegerArgument(args[0]), optional(args[1])));
      return BigInt(
        removeAt(
          items,
          items.map((_, i) => i).filter((i) => !keep.has(i)),
        ).length,
      );
    }
    case ListOp.SET:
      setItem(list, readIntegerArgument(args[0]), args[1], optional(args[2]) ?? 0);
      return undefined;
    case ListOp.CLEAR:
      items.length = 0;
      return undefined;
    case ListOp.INCREMENT:
      return incrementItem(list, readIntegerArgument(args[0]), args[1] ?? 1n);
    case ListOp.SORT:
      sort(list, optional(args[0]) ?? 0);
      return undefined;
    default:
      return throwParameterError();
  }
}

function itemsArg(value: Value | undefined, isList: boolean): readonly Value[] {
  if (value === undefined) return throwParameterError();
  if (!isList) return [value];
  return value instanceof List ? value.items : throwParameterError();
}

function add(list: List, at: number, values: readonly Value[], flags: number): void {
  const { items } = list;
  const fresh: Value[] = [];
  for (const value of values) {
    const duplicate = (flags & WriteFlag.ADD_UNIQUE) !== 0 && [...items, ...fresh].some((x) => compare(x, value) === 0);
    if (!duplicate) fresh.push(value);
    else if ((flags & WriteFlag.NO_FAIL) === 0) throw new ErrorReply(ResultCode.ELEMENT_EXISTS);
    else if ((flags & WriteFlag.PARTIAL) === 0) return;
  }
  items.splice(at, 0, ...fresh);
  if (list.ordered) items.sort(compare);
}

/** Inserting beyond the end fills the gap with nil, unless the write is bounded. */
function insertPosition(items: Value[], index: number, flags: number): number {
  const at = index < 0 ? items.length + index : index;
  const bounded = (flags & WriteFlag.INSERT_BOUNDED) !== 0;
  if (at < 0 || at > MAX_LIST_ITEMS || (bounded && at > items.length))
    throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
  while (items.length < at) items.push(null);
  return at;
}

function setItem(list: List, index: number, value: Value | undefined, flags: number): void {
  if (value === undefined) return throwParameterError();
  if (list.ordered) throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
  const { items } = list;
  const at = insertPosition(items, index, flags);
  const others = items.filter((_, i) => i !== at);
  if ((flags & WriteFlag.ADD_UNIQUE) !== 0 && others.some((item) => compare(item, value) === 0)) {
    if ((flags & WriteFlag.NO_FAIL) !== 0) return;
    throw new ErrorReply(ResultCode.ELEMENT_EXISTS);
  }
  items[at] = value;
}

function incrementItem(list: List, index: number, by: Value): Value {
  const { items } = list;
  if (list.ordered && index !== items.length) resolveIndex(items.length, index);
  const at = insertPosition(items, index, 0);
  const sum = addNumbers(items[at] ?? undefined, by);
  items[at] = sum;
  if (list.ordered) items.sort(compare);
  return sum;
}

/** The sum of two numbers of one type; an absent first one counts as zero. Throws ErrorReply(12). */
export function addNumbers(old: Value | undefined, by: Value): Value {
  if (typeof by === 'bigint' && (old === undefined || typeof old === 'bigint')) {
    return BigInt.asIntN(64, (old ?? 0n) + by);
  }
  if (by instanceof Float && (old === undefined || old instanceof Float)) {
    return Float.of((old === undefined ? 0 : old.value) + by.value);
  }
  throw new ErrorReply(ResultCode.BIN_TYPE);
}

function sort(list: List, flags: number): void {
  const { items } = list;
  items.sort(compare);
  if ((flags & SortFlag.DROP_DUPLICATES) !== 0) {
    const unique = items.filter((item, i) => i === 0 || compare(items[i - 1]!, item) !== 0);
    items.splice(0, items.length, ...unique);
  }
  if ((flags & SortFlag.DESCENDING) !== 0 && !list.ordered) items.reverse();
}

/** Removes the elements at `positions`; returns them in the order of `positions`. */
export function removeAt<T>(items: T[], positions: readonly number[]): T[] {
  const removed = positions.map((i) => items[i]!);
  const gone = new Set(positions);
  const kept = items.filter((_, i) => !gone.has(i));
  items.splice(0, items.length, ...kept);
  return removed;
}
