/** Choosing elements of lists and maps by index, rank, value and key, and shaping the answer. Spec: wire.md 12.1. */
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { INFINITY, List, Order, OrderedMap, compare, type Entry, type Value } from '../protocol/msgpack.js';
import { ErrorReply, throwParameterError } from '../protocol/reply.js';

/** 12.1 "Result bits". */
export const Return = {
  NONE: 0,
  INDEX: 1,
  REVERSE_INDEX: 2,
  RANK: 3,
  REVERSE_RANK: 4,
  COUNT: 5,
  KEY: 6,
  VALUE: 7,
  KEY_VALUE: 8,
  EXISTS: 13,
  UNORDERED_MAP: 16,
  ORDERED_MAP: 17,
  INVERTED: 0x10000,
} as const;

/** Positions of the elements chosen, in the order of the answer. */
export interface Selection {
  positions: number[];
  /** The op names one element: the answer is it, not a list. */
  single: boolean;
}

/** Positions sorted by the values at them, ties by position. */
export function rankOrder(values: readonly Value[]): number[] {
  return values.map((_, i) => i).sort((a, b) => compare(values[a]!, values[b]!) || a - b);
}

/** `count` positions from `start`; negative starts count from the end, what lies outside is cut off. */
export function selectRange(size: number, start: number, count: number | undefined): number[] {
  const from = start < 0 ? size + start : start;
  const to = count === undefined ? size : Math.min(size, from + count);
  const positions: number[] = [];
  for (let i = Math.max(0, from); i < to; i++) positions.push(i);
  return positions;
}

/** One position; outside of the container is rc 26. */
export function resolveIndex(size: number, index: number): number {
  const at = index < 0 ? size + index : index;
  if (at < 0 || at >= size) throw new ErrorReply(ResultCode.OP_NOT_APPLICABLE);
  return at;
}

/** Values from `from` (included) to `to` (not included; absent = no end). */
export function selectInterval(values: readonly Value[], from: Value, to: Value | undefined): number[] {
  const end = to ?? INFINITY;
  const positions: number[] = [];
  values.forEach((value, i) => {
    if (compare(value, from) >= 0 && compare(value, end) < 0) positions.push(i);
  });
  return positions;
}

export function selectEqual(values: readonly Value[], wanted: readonly Value[]): number[] {
  const positions: number[] = [];
  values.forEach((value, i) => {
    if (wanted.some((one) => compare(value, one) === 0)) positions.push(i);
  });
  return positions;
}

/** Positions in sorted order from `offset` places after where `value` is or would be. */
export function selectRelativeRange(
  values: readonly Value[],
  order: readonly number[],
  value: Value,
  offset: number,
  count: number | undefined,
): number[] {
  let at = 0;
  while (at < order.length && compare(values[order[at]!]!, value) < 0) at++;
  const from = at + offset;
  const to = count === undefined ? order.length : Math.min(order.length, from + count);
  return order.slice(Math.max(0, from), Math.max(0, to));
}

/** All positions but those chosen, if the inverted bit is set. */
export function invert(selection: Selection, size: number, returnType: number): Selection {
  if ((returnType & Return.INVERTED) === 0) return selection;
  if (selection.single) return throwParameterError();
  const chosen = new Set(selection.positions);
  const positions: number[] = [];
  for (let i = 0; i < size; i++) if (!chosen.has(i)) positions.push(i);
  return { positions, single: false };
}

/** The answer for a selection. `keys` is absent for lists. */
export function formatResult(
  selection: Selection,
  returnType: number,
  values: readonly Value[],
  keys?: readonly Value[],
): Value | undefined {
  const { positions, single } = selection;
  const size = values.length;
  const many = (map: (position: number) => Value): Value | undefined => {
    if (!single) return new List(positions.map(map));
    return positions.length === 0 ? undefined : map(positions[0]!);
  };
  /** Where nothing was found, a place is −1. */
  const place = (map: (position: number) => number): Value | undefined =>
    single && positions.length === 0 ? -1n : many((position) => BigInt(map(position)));
  switch (returnType & ~Return.INVERTED) {
    case Return.NONE:
      return undefined;
    case Return.INDEX:
      return place((position) => position);
    case Return.REVERSE_INDEX:
      return place((position) => size - 1 - position);
    case Return.RANK:
    case Return.REVERSE_RANK: {
      const ranks = new Map(rankOrder(values).map((position, rank) => [position, rank]));
      const reverse = (returnType & ~Return.INVERTED) === Return.REVERSE_RANK;
      return place((position) => (reverse ? size - 1 - ranks.get(position)! : ranks.get(position)!));
    }
    case Return.COUNT:
      return BigInt(positions.length);
    case Return.VALUE:
      return many((position) => values[position]!);
    case Return.EXISTS:
      return positions.length > 0;
    default:
      return keys === undefined ? throwParameterError() : shapeMap(selection, returnType, values, keys);
  }
}

function shapeMap(
  selection: Selection,
  returnType: number,
  values: readonly Value[],
  keys: readonly Value[],
): Value | undefined {
  const { positions, single } = selection;
  const entries = (): Entry[] => positions.map((position) => [keys[position]!, values[position]!]);
  switch (returnType & ~Return.INVERTED) {
    case Return.KEY:
      if (single) return positions.length === 0 ? undefined : keys[positions[0]!]!;
      return new List(positions.map((position) => keys[position]!));
    case Return.KEY_VALUE:
      return new OrderedMap(entries(), Order.PRESERVE);
    case Return.UNORDERED_MAP:
      return new OrderedMap(entries(), Order.UNORDERED);
    case Return.ORDERED_MAP:
      return new OrderedMap(
        entries().sort((a, b) => compare(a[0], b[0])),
        Order.KEY,
      );
    default:
      return throwParameterError();
  }
}

/** An integer argument. Throws ErrorReply(4). */
export function readIntegerArgument(value: Value | undefined): number {
  if (typeof value !== 'bigint') return throwParameterError();
  return Number(value);
}
