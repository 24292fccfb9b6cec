/**
 * List and map operations: decoding, nested paths, dispatch. The operations are in cdt-list and cdt-map. Spec: 12.1.
 */
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { isMapRead, mapModify, mapRead, MapOp } from './map.js';
import { createsList, isListRead, listModify, listRead } from './list.js';
import { readIntegerArgument } from './select.js';
import { List, Order, OrderedMap, compare, decode, isLegalKey, type Value } from '../protocol/msgpack.js';
import { ErrorReply, throwParameterError } from '../protocol/reply.js';

export interface CdtOutcome {
  /** Undefined: the op has no value to answer with. */
  result: Value | undefined;
  /** The bin's new value; undefined: unchanged. */
  container: Value | undefined;
}

const NO_EFFECT: CdtOutcome = { result: undefined, container: undefined };
/** `[255, path, [op…]]`. */
const NESTED = 255;

/** 9.1, 12.1 Steps of a path. */
const Step = { KIND: 0x0f, INDEX: 0, RANK: 1, KEY: 2, VALUE: 3, IN_LIST: 0x10, IN_MAP: 0x20, CREATE: 0xc0 } as const;
const Create = { UNORDERED: 0x40, MAP_KEY_ORDERED: 0x80, ORDERED: 0xc0 } as const;

/** Applies an op as it comes on the wire. `value` undefined: the bin is absent. Throws ErrorReply or MsgpackError. */
export function applyCdt(value: Value | undefined, op: Buffer, modify: boolean): CdtOutcome {
  const decoded = decode(op);
  if (!(decoded instanceof List)) return throwParameterError();
  return applyCdtItems(value, decoded.items, modify);
}

/** The same for an op already taken apart. With `modify`, `value` is changed in place. */
export function applyCdtItems(value: Value | undefined, items: readonly Value[], modify: boolean): CdtOutcome {
  const code = readIntegerArgument(items[0]);
  if (code === NESTED) return applyNested(value, items, modify);
  return applyFlat(value, code, items.slice(1), modify);
}

function applyFlat(value: Value | undefined, code: number, args: readonly Value[], modify: boolean): CdtOutcome {
  const isMap = code >= MapOp.SET_TYPE;
  if (modify === (isMap ? isMapRead(code) : isListRead(code))) return throwParameterError();
  if (value !== undefined && !(value instanceof (isMap ? OrderedMap : List))) throw new ErrorReply(ResultCode.BIN_TYPE);
  if (!modify) {
    if (value === undefined) return NO_EFFECT;
    const result = value instanceof List ? listRead(value, code, args) : mapRead(value, code, args);
    return { result, container: undefined };
  }
  if (isMap) {
    const map = (value as OrderedMap | undefined) ?? new OrderedMap([]);
    const result = mapModify(map, code, args, value === undefined);
    return { result, container: value === undefined && map.entries.length === 0 ? undefined : map };
  }
  if (value === undefined && !createsList(code)) return NO_EFFECT;
  const list = (value as List | undefined) ?? new List([]);
  return { result: listModify(list, code, args, value === undefined), container: list };
}

function applyNested(value: Value | undefined, items: readonly Value[], modify: boolean): CdtOutcome {
  const [, path, op] = items;
  if (!(path instanceof List) || !(op instanceof List) || path.items.length % 2 !== 0) return throwParameterError();
  const code = readIntegerArgument(op.items[0]);
  let root = value;
  const ancestors: Value[] = [];
  let current: Value | undefined = root;
  for (let i = 0; i < path.items.length; i += 2) {
    const step = readIntegerArgument(path.items[i]);
    const create = step & Step.CREATE;
    if (current === undefined) {
      if (root !== undefined || !modify || create === 0) throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
      root = current = (step & Step.IN_MAP) !== 0 ? new OrderedMap([]) : new List([]);
    }
    ancestors.push(current);
    const found = stepInto(current, step, path.items[i + 1]!);
    if (found !== undefined) current = found;
    else if (modify && create !== 0) current = createChild(current, create, path.items[i + 1]!, code);
    else throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
  }
  const outcome = applyFlat(current, code, op.items.slice(1), modify);
  if (!modify) return outcome;
  // A change inside may have moved an element of an ordered list out of its place.
  for (const ancestor of ancestors) {
    if (ancestor instanceof List && ancestor.ordered) ancestor.items.sort(compare);
  }
  return { result: outcome.result, container: root };
}

function stepInto(container: Value, step: number, at: Value): Value | undefined {
  const kind = step & Step.KIND;
  if ((step & Step.IN_MAP) !== 0) {
    if (!(container instanceof OrderedMap)) throw new ErrorReply(ResultCode.BIN_TYPE);
    const { entries } = container;
    if (kind === Step.KEY) return entries.find(([key]) => compare(key, at) === 0)?.[1];
    if (kind === Step.VALUE) return entries.find(([, value]) => compare(value, at) === 0)?.[1];
    if (kind === Step.INDEX) return element(entries, readIntegerArgument(at))?.[1];
    return element(entries.map(([, value]) => value).sort(compare), readIntegerArgument(at));
  }
  if (!(container instanceof List)) throw new ErrorReply(ResultCode.BIN_TYPE);
  if (kind === Step.INDEX) return element(container.items, readIntegerArgument(at));
  if (kind === Step.RANK) return element([...container.items].sort(compare), readIntegerArgument(at));
  if (kind === Step.VALUE) return container.items.find((item) => compare(item, at) === 0);
  return throwParameterError();
}

/** Creates the container a path names but the data lacks: a map's key, or a list's next element. */
function createChild(parent: Value, create: number, at: Value, code: number): Value {
  const isMap = code >= MapOp.SET_TYPE;
  const mapOrder =
    create === Create.ORDERED ? Order.KEY_VALUE : create === Create.MAP_KEY_ORDERED ? Order.KEY : Order.UNORDERED;
  const child = isMap ? new OrderedMap([], mapOrder) : new List([], create === Create.ORDERED);
  if (parent instanceof OrderedMap) {
    if (!isLegalKey(at)) return throwParameterError();
    parent.entries.push([at, child]);
    parent.entries.sort((a, b) => compare(a[0], b[0]));
    return child;
  }
  if (parent instanceof List && Number(at) === parent.items.length) {
    parent.items.push(child);
    return child;
  }
  throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
}

function element<T>(items: readonly T[], index: number): T | undefined {
  return items.at(index);
}
