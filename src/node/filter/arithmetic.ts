/** The arithmetic opcodes of filter expressions: counts, operand types and functions. Spec: wire.md 10.2, 10.3. */

/** Result type numbers of 10.1, as far as arithmetic needs them. */
const BOOL = 1;
const INT = 2;
const FLOAT = 7;
const BITS = 64n;

export interface ArithmeticRule {
  least: number;
  most: number;
  /** Types of the operands, the last one repeated; absent = numbers, all of one type. */
  operands?: number[];
  /** Absent = the operands' type. */
  result?: number;
  /** undefined as a result = unknown. */
  integers?: (values: readonly bigint[]) => bigint | undefined;
  floats?: (values: readonly number[]) => number | bigint;
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** Shifts by 64 or more shift everything out. */
function shiftBy(value: bigint, by: bigint, shift: (value: bigint, by: bigint) => bigint): bigint {
  return wrap(shift(value, by < 0n || by > BITS ? BITS : by));
}

function unsigned(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function scan(value: bigint, wanted: bigint, fromLeft: boolean): bigint {
  for (let i = 0n; i < BITS; i++) {
    const bit = fromLeft ? BITS - 1n - i : i;
    if (((unsigned(value) >> bit) & 1n) === wanted) return BITS - 1n - bit;
  }
  return -1n;
}

function countOnes(value: bigint): bigint {
  let count = 0n;
  for (let rest = unsigned(value); rest > 0n; rest >>= 1n) count += rest & 1n;
  return count;
}

function divide(values: readonly bigint[]): bigint | undefined {
  if (values.length === 1) return values[0] === 0n ? undefined : 1n / values[0]!;
  let result = values[0]!;
  for (const value of values.slice(1)) {
    if (value === 0n) return undefined;
    result = wrap(result / value);
  }
  return result;
}

export const arithmetic: ReadonlyMap<number, ArithmeticRule> = new Map<number, ArithmeticRule>([
  [
    20,
    {
      least: 1,
      most: Infinity,
      integers: (v) => wrap(v.reduce((a, b) => a + b)),
      floats: (v) => v.reduce((a, b) => a + b),
    },
  ],
  [
    21,
    {
      least: 1,
      most: Infinity,
      integers: (v) => wrap(v.length === 1 ? -v[0]! : v.reduce((a, b) => a - b)),
      floats: (v) => (v.length === 1 ? -v[0]! : v.reduce((a, b) => a - b)),
    },
  ],
  [
    22,
    {
      least: 1,
      most: Infinity,
      integers: (v) => wrap(v.reduce((a, b) => a * b)),
      floats: (v) => v.reduce((a, b) => a * b),
    },
  ],
  [
    23,
    {
      least: 1,
      most: Infinity,
      integers: divide,
      floats: (v) => (v.length === 1 ? 1 / v[0]! : v.reduce((a, b) => a / b)),
    },
  ],
  [24, { least: 2, most: 2, operands: [FLOAT], floats: ([a, b]) => Math.pow(a!, b!) }],
  [25, { least: 2, most: 2, operands: [FLOAT], floats: ([a, b]) => Math.log(a!) / Math.log(b!) }],
  [26, { least: 2, most: 2, operands: [INT], integers: ([a, b]) => (b === 0n ? undefined : a! % b!) }],
  [27, { least: 1, most: 1, integers: ([a]) => wrap(a! < 0n ? -a! : a!), floats: ([a]) => Math.abs(a!) }],
  [28, { least: 1, most: 1, operands: [FLOAT], floats: ([a]) => Math.floor(a!) }],
  [29, { least: 1, most: 1, operands: [FLOAT], floats: ([a]) => Math.ceil(a!) }],
  [30, { least: 1, most: 1, operands: [FLOAT], result: INT, floats: ([a]) => truncate(a!) }],
  [31, { least: 1, most: 1, operands: [INT], result: FLOAT, integers: ([a]) => a }],
  [32, { least: 1, most: Infinity, operands: [INT], integers: (v) => v.reduce((a, b) => a & b) }],
  [33, { least: 1, most: Infinity, operands: [INT], integers: (v) => v.reduce((a, b) => a | b) }],
  [34, { least: 1, most: Infinity, operands: [INT], integers: (v) => v.reduce((a, b) => a ^ b) }],
  [35, { least: 1, most: 1, operands: [INT], integers: ([a]) => ~a! }],
  [36, { least: 2, most: 2, operands: [INT], integers: ([a, b]) => shiftBy(a!, b!, (x, n) => x << n) }],
  [37, { least: 2, most: 2, operands: [INT], integers: ([a, b]) => shiftBy(unsigned(a!), b!, (x, n) => x >> n) }],
  [38, { least: 2, most: 2, operands: [INT], integers: ([a, b]) => shiftBy(a!, b!, (x, n) => x >> n) }],
  [39, { least: 1, most: 1, operands: [INT], integers: ([a]) => countOnes(a!) }],
  [40, { least: 2, most: 2, operands: [INT, BOOL], integers: ([a, b]) => scan(a!, b!, true) }],
  [41, { least: 2, most: 2, operands: [INT, BOOL], integers: ([a, b]) => scan(a!, b!, false) }],
  [
    50,
    {
      least: 1,
      most: Infinity,
      integers: (v) => v.reduce((a, b) => (a < b ? a : b)),
      floats: (v) => Math.min(...v),
    },
  ],
  [
    51,
    {
      least: 1,
      most: Infinity,
      integers: (v) => v.reduce((a, b) => (a > b ? a : b)),
      floats: (v) => Math.max(...v),
    },
  ],
]);

/** 30: towards zero; what doesn't fit 64 bits has no meaning and becomes 0. */
function truncate(value: number): bigint {
  return Number.isFinite(value) ? wrap(BigInt(Math.trunc(value))) : 0n;
}
