/** Server-side filter expressions that a backup builds itself (wire.md 10.4, asbackup.md 5.10). */
import { encodeList, encodeSmallInt, encodeString, encodeUnsigned } from './msgpack.js';

export interface FilterParts {
  /** '' = records without a set. One name that is not empty goes into the request instead. */
  sets: readonly string[];
  /** Not the records of these sets; '' = not those without a set. */
  excludedSets?: readonly string[];
  /** Last update earlier than this, nanoseconds since 1970. */
  modifiedBeforeNs?: bigint;
  /** Last update at or after this, nanoseconds since 1970. */
  modifiedAfterNs?: bigint;
  noTtlOnly?: boolean;
}

/** Whether a request cannot name the sets, so that an expression has to. */
export function isFilteredBySet(sets: readonly string[]): boolean {
  return sets.length > 1 || sets[0] === '';
}

const OpCode = { EQ: 1, NE: 2, GE: 4, LT: 5, AND: 16, OR: 17, LAST_UPDATE: 66, TTL: 69, SET_NAME: 70 } as const;

/**
 * The msgpack bytes of the expression, or undefined when nothing is to be filtered. An operation is a list of its code
 * and its arguments:
 *     [AND, [OR, [EQ, [SET_NAME], "a"], [EQ, [SET_NAME], "b"]], [LT, [LAST_UPDATE], ns], [GE, [LAST_UPDATE], ns],
 *       [EQ, [TTL], -1]]
 *
 * with only the parts that are asked for, and without AND around a single one.
 */
export function buildFilter(parts: FilterParts): Buffer | undefined {
  const { excludedSets = [] } = parts;
  const components: Buffer[] = [];
  if (isFilteredBySet(parts.sets)) {
    const equals = parts.sets.map((set) =>
      encodeList(encodeSmallInt(OpCode.EQ), encodeList(encodeSmallInt(OpCode.SET_NAME)), encodeString(set)),
    );
    components.push(equals.length === 1 ? equals[0]! : encodeList(encodeSmallInt(OpCode.OR), ...equals));
  }
  for (const set of excludedSets) {
    components.push(
      encodeList(encodeSmallInt(OpCode.NE), encodeList(encodeSmallInt(OpCode.SET_NAME)), encodeString(set)),
    );
  }
  if (parts.modifiedBeforeNs !== undefined) {
    components.push(
      encodeList(
        encodeSmallInt(OpCode.LT),
        encodeList(encodeSmallInt(OpCode.LAST_UPDATE)),
        encodeUnsigned(parts.modifiedBeforeNs),
      ),
    );
  }
  if (parts.modifiedAfterNs !== undefined) {
    components.push(
      encodeList(
        encodeSmallInt(OpCode.GE),
        encodeList(encodeSmallInt(OpCode.LAST_UPDATE)),
        encodeUnsigned(parts.modifiedAfterNs),
      ),
    );
  }
  if (parts.noTtlOnly === true)
    components.push(encodeList(encodeSmallInt(OpCode.EQ), encodeList(encodeSmallInt(OpCode.TTL)), encodeSmallInt(-1)));
  if (components.length <= 1) return components[0];
  return encodeList(encodeSmallInt(OpCode.AND), ...components);
}
