/** Server-side filter expressions that a backup builds itself (wire.md 10.4, asbackup.md 5.10). */
import { encodeList, encodeSmallInt, encodeString, encodeUnsigned } from './msgpack.js';

export interface FilterParts {
  /** Two or more set names; '' = records without a set. One set goes into the request instead. */
  sets: readonly string[];
  /** Last update earlier than this, nanoseconds since 1970. */
  modifiedBeforeNs?: bigint;
  /** Last update at or after this, nanoseconds since 1970. */
  modifiedAfterNs?: bigint;
  noTtlOnly?: boolean;
}

const OpCode = { EQ: 1, GE: 4, LT: 5, AND: 16, OR: 17, LAST_UPDATE: 66, TTL: 69, SET_NAME: 70 } as const;

/**
 * The msgpack bytes of the expression, or undefined when nothing is to be filtered. An operation is a list of its code
 * and its arguments:
 *     [AND, [OR, [EQ, [SET_NAME], "a"], [EQ, [SET_NAME], "b"]], [LT, [LAST_UPDATE], ns], [GE, [LAST_UPDATE], ns],
 *       [EQ, [TTL], -1]]
 *
 * with only the parts that are asked for, and without AND around a single one.
 */
export function buildFilter(parts: FilterParts): Buffer | undefined {
  const components: Buffer[] = [];
  if (parts.sets.length > 1) {
    const equals = parts.sets.map((set) =>
      encodeList(encodeSmallInt(OpCode.EQ), encodeList(encodeSmallInt(OpCode.SET_NAME)), encodeString(set)),
    );
    components.push(encodeList(encodeSmallInt(OpCode.OR), ...equals));
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
