/** Map operations. Entries are always kept sorted by key. Spec: wire.md 12.1. */
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { addNumbers, removeAt } from './list.js';
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
import { Float, List, Order, OrderedMap, compare, isLegalKey, type Value } from '../protocol/msgpack.js';
import { ErrorReply, throwParameterError } from '../protocol/reply.js';

export const MapOp = {
  SET_TYPE: 64,
  ADD: 65,
  ADD_ITEMS: 66,
  PUT: 67,
  PUT_ITEMS: 68,
  REPLACE: 69,
  REPLACE_ITEMS: 70,
  INCREMENT: 73,
  DECREMENT: 74,
  CLEAR: 75,
  SIZE: 96,
} as const;

type Chooser =
  | 'key'
  | 'index'
  | 'value'
  | 'rank'
  | 'keyList'
  | 'allByValue'
  | 'valueList'
  | 'keyInterval'
  | 'indexRange'
  | 'valueInterval'
  | 'rankRange'
  | 'keyRelIndexRange'
  | 'valueRelRankRange';

const REMOVERS: ReadonlyMap<number, Chooser> = new Map([
  [76, 'key'],
  [77, 'index'],
  [78, 'value'],
  [79, 'rank'],
  [81, 'keyList'],
  [82, 'allByValue'],
  [83, 'valueList'],
  [84, 'keyInterval'],
  [85, 'indexRange'],
  [86, 'valueInterval'],
  [87, 'rankRange'],
  [88, 'keyRelIndexRange'],
  [89, 'valueRelRankRange'],
]);

const GETTERS: ReadonlyMap<number, Chooser> = new Map([
  [97, 'key'],
  [98, 'index'],
  [99, 'value'],
  [100, 'rank'],
  [102, 'allByValue'],
  [103, 'keyInterval'],
  [104, 'indexRange'],
  [105, 'valueInterval'],
  [106, 'rankRange'],
  [107, 'keyList'],
  [108, 'valueList'],
  [109, 'keyRelIndexRange'],
  [110, 'valueRelRankRange'],
]);

const WriteFlag = { CREATE_ONLY: 1, UPDATE_ONLY: 2, NO_FAIL: 4, PARTIAL: 8 } as const;

export function isMapRead(code: number): boolean {
  return code === MapOp.SIZE || GETTERS.has(code);
}

export function mapRead(map: OrderedMap, code: number, args: readonly Value[]): Value | undefined {
  if (code === MapOp.SIZE) return BigInt(map.entries.length);
  const chooser = GETTERS.get(code);
  return chooser === undefined ? throwParameterError() : chosen(map, chooser, args).result;
}

function chosen(
  map: OrderedMap,
  chooser: Chooser,
  args: readonly Value[],
): { positions: number[]; result: Value | undefined } {
  const returnType = readIntegerArgument(args[0]);
  const keys = map.entries.map(([key]) => key);
  const values = map.entries.map(([, value]) => value);
  const selection = invert(select(keys, values, chooser, args.slice(1)), keys.length, returnType);
  return { positions: selection.positions, result: formatResult(selection, returnType, values, keys) };
}

function select(keys: readonly Value[], values: readonly Value[], chooser: Chooser, args: readonly Value[]): Selection {
  const [first, second, third] = args;
  if (first === undefined) return throwParameterError();
  const size = keys.length;
  const count = (value: Value | undefined): number | undefined =>
    value === undefined ? undefined : readIntegerArgument(value);
  const many = (positions: number[]): Selection => ({ positions, single: false });
  switch (chooser) {
    case 'key':
      return { positions: selectEqual(keys, [first]), single: true };
    case 'index':
      return { positions: [resolveIndex(size, readIntegerArgument(first))], single: true };
    case 'value':
      return { positions: selectEqual(values, [first]).slice(0, 1), single: true };
    case 'rank':
      return { positions: [rankOrder(values)[resolveIndex(size, readIntegerArgument(first))]!], single: true };
    case 'keyList':
      return first instanceof List ? many(selectEqual(keys, first.items)) : throwParameterError();
    case 'allByValue':
      return many(selectEqual(values, [first]));
    case 'valueList':
      return first instanceof List ? many(selectEqual(values, first.items)) : throwParameterError();
    case 'keyInterval':
      return many(selectInterval(keys, first, second));
    case 'indexRange':
      return many(selectRange(size, readIntegerArgument(first), count(second)));
    case 'valueInterval':
      return many(selectInterval(values, first, second));
    case 'rankRange': {
      const order = rankOrder(values);
      return many(selectRange(size, readIntegerArgument(first), count(second)).map((rank) => order[rank]!));
    }
    case 'keyRelIndexRange':
      return many(
        selectRelativeRange(
          keys,
          keys.map((_, i) => i),
          first,
          readIntegerArgument(second),
          count(third),
        ),
      );
    case 'valueRelRankRange':
      return many(selectRelativeRange(values, rankOrder(values), first, readIntegerArgument(second), count(third)));
  }
}

/** Changes `map`; `isNew`: it has just been made for this op. */
export function mapModify(map: OrderedMap, code: number, args: readonly Value[], isNew: boolean): Value | undefined {
  const remover = REMOVERS.get(code);
  if (remover !== undefined) {
    const { positions, result } = chosen(map, remover, args);
    removeAt(map.entries, positions);
    return result;
  }
  const size = (): Value => BigInt(map.entries.length);
  switch (code) {
    case MapOp.SET_TYPE:
      map.order = readIntegerArgument(args[0]) & Order.KEY_VALUE;
      return undefined;
    case MapOp.ADD:
    case MapOp.PUT:
    case MapOp.REPLACE: {
      const [key, value] = args;
      if (key === undefined || value === undefined) return throwParameterError();
      if (isNew) setOrder(map, args[2]);
      putAll(map, [[key, value]], writeFlags(code, args[3]));
      return size();
    }
    case MapOp.ADD_ITEMS:
    case MapOp.PUT_ITEMS:
    case MapOp.REPLACE_ITEMS: {
      const [items] = args;
      if (!(items instanceof OrderedMap)) return throwParameterError();
      if (isNew) setOrder(map, args[1]);
      putAll(map, items.entries, writeFlags(code - 1, args[2]));
      return size();
    }
    case MapOp.INCREMENT:
    case MapOp.DECREMENT: {
      const [key, by] = args;
      if (key === undefined) return throwParameterError();
      if (isNew) setOrder(map, args[2]);
      const old = map.entries.find((entry) => compare(entry[0], key) === 0)?.[1];
      const sum = addNumbers(old, code === MapOp.DECREMENT ? negated(by ?? 1n) : (by ?? 1n));
      putAll(map, [[key, sum]], 0);
      return sum;
    }
    case MapOp.CLEAR:
      map.entries.length = 0;
      return undefined;
    default:
      return throwParameterError();
  }
}

function negated(value: Value): Value {
  if (typeof value === 'bigint') return -value;
  return value instanceof Float ? Float.of(-value.value) : value;
}

function setOrder(map: OrderedMap, order: Value | undefined): void {
  if (order !== undefined) map.order = readIntegerArgument(order) & Order.KEY_VALUE;
}

/** ADD and REPLACE are PUT with a flag. */
function writeFlags(code: number, flags: Value | undefined): number {
  if (code === MapOp.ADD) return WriteFlag.CREATE_ONLY;
  if (code === MapOp.REPLACE) return WriteFlag.UPDATE_ONLY;
  return flags === undefined ? 0 : readIntegerArgument(flags);
}

function putAll(map: OrderedMap, entries: readonly (readonly [Value, Value])[], flags: number): void {
  const { entries: own } = map;
  const changes: (readonly [Value, Value])[] = [];
  for (const entry of entries) {
    if (!isLegalKey(entry[0])) return throwParameterError();
    const exists = own.some(([key]) => compare(key, entry[0]) === 0);
    let refusal: number | undefined;
    if (exists && (flags & WriteFlag.CREATE_ONLY) !== 0) refusal = ResultCode.ELEMENT_EXISTS;
    if (!exists && (flags & WriteFlag.UPDATE_ONLY) !== 0) refusal = ResultCode.ELEMENT_NOT_FOUND;
    if (refusal === undefined) changes.push(entry);
    else if ((flags & WriteFlag.NO_FAIL) === 0) throw new ErrorReply(refusal);
    else if ((flags & WriteFlag.PARTIAL) === 0) return;
  }
  for (const [key, value] of changes) {
    const at = own.findIndex((entry) => compare(entry[0], key) >= 0);
    if (at < 0) own.push([key, value]);
    else if (compare(own[at]![0], key) === 0) own[at] = [own[at]![0], value];
    else own.splice(at, 0, [key, value]);
  }
}
