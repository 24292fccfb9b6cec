/** Turns a decoded filter expression into nodes that evaluate to a value or "unknown". Spec: wire.md 10.1–10.3. */
import { Particle } from '../../core/particle.js';
import { applyCdtItems } from '../cdt/apply-cdt.js';
import { arithmetic, type ArithmeticRule } from './arithmetic.js';
import {
  Bytes,
  Float,
  List,
  MsgpackError,
  OrderedMap,
  compare,
  decode,
  encode,
  type Value,
} from '../protocol/msgpack.js';
import { toValue } from '../data/particle-value.js';
import { posixRegex } from './posix-regex.js';
import { voidTimeNs, type RecordContext } from './record-context.js';
import { ErrorReply } from '../protocol/reply.js';

export class ExpressionError extends Error {}

/** 10.1 Result types; ANY is this server's name for "unknown, fits everywhere". */
export const ResultType = {
  NIL: 0,
  BOOL: 1,
  INT: 2,
  STRING: 3,
  LIST: 4,
  MAP: 5,
  BLOB: 6,
  FLOAT: 7,
  GEO: 8,
  HLL: 9,
  ANY: -1,
} as const;
const MAX_RESULT_TYPE = ResultType.HLL;

export interface Node {
  readonly type: number;
  /** undefined = unknown (10.3). */
  evaluate(context: RecordContext): Value | undefined;
}

/** 10.2 Opcodes that are compiled here; arithmetic ones have a table of their own. */
const Code = {
  UNKNOWN: 0,
  EQ: 1,
  NE: 2,
  GT: 3,
  GE: 4,
  LT: 5,
  LE: 6,
  REGEX: 7,
  IN_LIST: 9,
  AND: 16,
  OR: 17,
  NOT: 18,
  EXCLUSIVE: 19,
  DIGEST_MODULO: 64,
  DEVICE_SIZE: 65,
  LAST_UPDATE: 66,
  SINCE_UPDATE: 67,
  VOID_TIME: 68,
  TTL: 69,
  SET_NAME: 70,
  KEY_EXISTS: 71,
  IS_TOMBSTONE: 72,
  MEMORY_SIZE: 73,
  RECORD_SIZE: 74,
  KEY: 80,
  BIN: 81,
  BIN_TYPE: 82,
  COND: 123,
  VAR: 124,
  LET: 125,
  QUOTE: 126,
  CALL: 127,
} as const;

const CALL_MODIFY = 0x40;
const CALL_SYSTEM_CDT = 0;
const CDT_CONTEXT = 255n;
const DIGEST_MODULO_AT = 16;

/** A variable's value lives in its slot while the body of its `let` runs. */
interface Variable {
  type: number;
  value: Value | undefined;
}
type Scope = ReadonlyMap<string, Variable>;

/** Compiles one whole expression. Throws ExpressionError. */
export function compileExpression(value: Value, scope: Scope = new Map()): Node {
  if (!(value instanceof List)) return literal(value);
  const [head, ...args] = value.items;
  if (typeof head !== 'bigint') throw new ExpressionError('no opcode');
  const code = Number(head);
  const rule = arithmetic.get(code);
  if (rule !== undefined) return compileArithmetic(rule, args, scope);
  return compileOperation(code, args, scope);
}

function literal(value: Value): Node {
  const type = detectType(value);
  if (type === undefined) throw new ExpressionError('not a literal');
  return { type, evaluate: () => value };
}

/** The result type that a value has. */
function detectType(value: Value): number | undefined {
  if (value === null) return ResultType.NIL;
  if (typeof value === 'boolean') return ResultType.BOOL;
  if (typeof value === 'bigint') return ResultType.INT;
  if (value instanceof Float) return ResultType.FLOAT;
  if (value instanceof List) return ResultType.LIST;
  if (value instanceof OrderedMap) return ResultType.MAP;
  if (!(value instanceof Bytes)) return undefined;
  switch (value.type) {
    case Particle.STRING:
      return ResultType.STRING;
    case Particle.GEOJSON:
      return ResultType.GEO;
    case Particle.HLL:
      return ResultType.HLL;
    default:
      return ResultType.BLOB;
  }
}

function expectCount(args: readonly Value[], least: number, most = least): void {
  if (args.length < least || args.length > most) throw new ExpressionError('wrong number of arguments');
}

function compileAll(args: readonly Value[], scope: Scope, type?: number): Node[] {
  const nodes = args.map((arg) => compileExpression(arg, scope));
  if (type !== undefined && nodes.some((node) => !fits(node.type, type))) throw new ExpressionError('wrong type');
  return nodes;
}

function fits(actual: number, expected: number): boolean {
  return actual === expected || actual === ResultType.ANY || expected === ResultType.ANY;
}

function resultType(value: Value | undefined): number {
  const type = typeof value === 'bigint' ? Number(value) : -1;
  if (type < 0 || type > MAX_RESULT_TYPE) throw new ExpressionError('not a result type');
  return type;
}

/** Names and patterns are strings without a type byte (10.1). */
function rawText(value: Value | undefined): string {
  if (!(value instanceof Bytes)) throw new ExpressionError('not a name');
  return value.raw.toString('latin1');
}

function meta(type: number, read: (context: RecordContext) => Value): Node {
  return { type, evaluate: read };
}

function compileOperation(code: number, args: readonly Value[], scope: Scope): Node {
  switch (code) {
    case Code.UNKNOWN:
      expectCount(args, 0);
      return { type: ResultType.ANY, evaluate: () => undefined };
    case Code.EQ:
    case Code.NE:
    case Code.GT:
    case Code.GE:
    case Code.LT:
    case Code.LE:
      return comparison(code, args, scope);
    case Code.REGEX:
      return regex(args, scope);
    case Code.IN_LIST:
      return inList(args, scope);
    case Code.AND:
    case Code.OR:
      return conjunction(code === Code.AND, args, scope);
    case Code.NOT: {
      expectCount(args, 1);
      const [node] = compileAll(args, scope, ResultType.BOOL);
      return {
        type: ResultType.BOOL,
        evaluate: (context) => {
          const value = node!.evaluate(context);
          return value === undefined ? undefined : value !== true;
        },
      };
    }
    case Code.EXCLUSIVE:
      return exclusive(args, scope);
    case Code.KEY:
    case Code.BIN:
    case Code.BIN_TYPE:
      return recordValue(code, args);
    case Code.COND:
      return conditional(args, scope);
    case Code.VAR: {
      expectCount(args, 1);
      const variable = scope.get(rawText(args[0]));
      if (variable === undefined) throw new ExpressionError('unknown variable');
      return { type: variable.type, evaluate: () => variable.value };
    }
    case Code.LET:
      return letBody(args, scope);
    case Code.QUOTE: {
      expectCount(args, 1);
      if (!(args[0] instanceof List)) throw new ExpressionError('only lists are quoted');
      return literal(args[0]);
    }
    case Code.CALL:
      return call(args, scope);
    default:
      return metadata(code, args);
  }
}

function metadata(code: number, args: readonly Value[]): Node {
  if (code === Code.DIGEST_MODULO) {
    expectCount(args, 1);
    const modulus = args[0];
    if (typeof modulus !== 'bigint' || modulus === 0n) throw new ExpressionError('no modulus');
    return meta(ResultType.INT, (context) => BigInt(context.digest().readUInt32LE(DIGEST_MODULO_AT)) % modulus);
  }
  expectCount(args, 0);
  switch (code) {
    case Code.DEVICE_SIZE:
    case Code.MEMORY_SIZE:
    case Code.RECORD_SIZE:
      return meta(ResultType.INT, (context) => BigInt(context.storedBytes));
    case Code.LAST_UPDATE:
      return meta(ResultType.INT, (context) => context.lastUpdateNs);
    case Code.SINCE_UPDATE:
      return meta(ResultType.INT, (context) => BigInt(context.nowMs - context.lastUpdateMs));
    case Code.VOID_TIME:
      return meta(ResultType.INT, (context) => voidTimeNs(context.voidTime));
    case Code.TTL:
      return meta(ResultType.INT, (context) =>
        context.voidTime === 0 ? -1n : BigInt(Math.max(0, context.voidTime - context.nowS)),
      );
    case Code.SET_NAME:
      return meta(ResultType.STRING, (context) => Bytes.of(Particle.STRING, context.setName));
    case Code.KEY_EXISTS:
      return meta(ResultType.BOOL, (context) => context.key().length > 0);
    case Code.IS_TOMBSTONE:
      return meta(ResultType.BOOL, () => false);
    default:
      throw new ExpressionError('unknown opcode');
  }
}

function comparison(code: number, args: readonly Value[], scope: Scope): Node {
  expectCount(args, 2);
  const [a, b] = compileAll(args, scope) as [Node, Node];
  if (!fits(a.type, b.type)) throw new ExpressionError('compared types differ');
  return {
    type: ResultType.BOOL,
    evaluate: (context) => {
      const left = a.evaluate(context);
      if (left === undefined) return undefined;
      const right = b.evaluate(context);
      if (right === undefined) return undefined;
      // 10.3: floats compare as IEEE says, NaN with nothing.
      if (left instanceof Float && right instanceof Float && Number.isNaN(left.value + right.value)) {
        if (Number.isNaN(left.value) || Number.isNaN(right.value)) return code === Code.NE;
      }
      const order = compare(left, right);
      switch (code) {
        case Code.EQ:
          return order === 0;
        case Code.NE:
          return order !== 0;
        case Code.GT:
          return order > 0;
        case Code.GE:
          return order >= 0;
        case Code.LT:
          return order < 0;
        default:
          return order <= 0;
      }
    },
  };
}

function regex(args: readonly Value[], scope: Scope): Node {
  expectCount(args, 3);
  if (typeof args[0] !== 'bigint') throw new ExpressionError('regex flags are not an integer');
  const pattern = posixRegex(rawText(args[1]), Number(args[0]));
  if (pattern === undefined) throw new ExpressionError('bad regex');
  const [node] = compileAll(args.slice(2), scope, ResultType.STRING);
  return {
    type: ResultType.BOOL,
    evaluate: (context) => {
      const value = node!.evaluate(context);
      return value instanceof Bytes ? pattern.test(value.bytes.toString('latin1')) : undefined;
    },
  };
}

function inList(args: readonly Value[], scope: Scope): Node {
  expectCount(args, 2);
  const [node, list] = compileAll(args, scope) as [Node, Node];
  if (!fits(list.type, ResultType.LIST)) throw new ExpressionError('not a list');
  return {
    type: ResultType.BOOL,
    evaluate: (context) => {
      const value = node.evaluate(context);
      const items = list.evaluate(context);
      if (value === undefined || !(items instanceof List)) return undefined;
      return items.items.some((item) => compare(item, value) === 0);
    },
  };
}

function conjunction(isAnd: boolean, args: readonly Value[], scope: Scope): Node {
  expectCount(args, 2, Infinity);
  const nodes = compileAll(args, scope, ResultType.BOOL);
  return {
    type: ResultType.BOOL,
    evaluate: (context) => {
      let unknown = false;
      for (const node of nodes) {
        const value = node.evaluate(context);
        if (value === undefined) unknown = true;
        else if (value !== isAnd) return !isAnd;
      }
      return unknown ? undefined : isAnd;
    },
  };
}

function exclusive(args: readonly Value[], scope: Scope): Node {
  expectCount(args, 2, Infinity);
  const nodes = compileAll(args, scope, ResultType.BOOL);
  return {
    type: ResultType.BOOL,
    evaluate: (context) => {
      let hits = 0;
      for (const node of nodes) {
        const value = node.evaluate(context);
        if (value === undefined) return undefined;
        if (value === true) hits++;
      }
      return hits === 1;
    },
  };
}

function recordValue(code: number, args: readonly Value[]): Node {
  if (code === Code.BIN_TYPE) {
    expectCount(args, 1);
    const name = rawText(args[0]);
    return meta(ResultType.INT, (context) => BigInt(context.bin(name)?.type ?? 0));
  }
  const isKey = code === Code.KEY;
  expectCount(args, isKey ? 1 : 2);
  const type = resultType(args[0]);
  const name = isKey ? '' : rawText(args[1]);
  return {
    type,
    evaluate: (context) => {
      const key = isKey ? context.key() : undefined;
      if (key?.length === 0) return undefined;
      const stored = key === undefined ? context.bin(name) : { type: key[0]!, value: key.subarray(1) };
      if (stored === undefined) return undefined;
      // Keys aren't checked when they are stored: one that calls itself a list need not be one.
      if (isKey && (stored.type === Particle.LIST || stored.type === Particle.MAP)) return undefined;
      const value = toValue(stored.type, stored.value);
      return value !== undefined && detectType(value) === type ? value : undefined;
    },
  };
}

function conditional(args: readonly Value[], scope: Scope): Node {
  if (args.length < 3 || args.length % 2 === 0) throw new ExpressionError('cond takes pairs and a default');
  const nodes = compileAll(args, scope);
  let type: number = ResultType.ANY;
  nodes.forEach((node, i) => {
    const isTest = i % 2 === 0 && i < nodes.length - 1;
    if (isTest ? !fits(node.type, ResultType.BOOL) : !fits(node.type, type)) throw new ExpressionError('wrong type');
    if (!isTest && type === ResultType.ANY) type = node.type;
  });
  return {
    type,
    evaluate: (context) => {
      for (let i = 0; i + 1 < nodes.length; i += 2) {
        const test = nodes[i]!.evaluate(context);
        if (test === undefined) return undefined;
        if (test === true) return nodes[i + 1]!.evaluate(context);
      }
      return nodes.at(-1)!.evaluate(context);
    },
  };
}

function letBody(args: readonly Value[], scope: Scope): Node {
  if (args.length < 3 || args.length % 2 === 0) throw new ExpressionError('let takes pairs and a body');
  const inner = new Map(scope);
  const bindings: { variable: Variable; node: Node }[] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const node = compileExpression(args[i + 1]!, inner);
    const variable: Variable = { type: node.type, value: undefined };
    bindings.push({ variable, node });
    inner.set(rawText(args[i]), variable);
  }
  const body = compileExpression(args.at(-1)!, inner);
  return {
    type: body.type,
    evaluate: (context) => {
      for (const { variable, node } of bindings) variable.value = node.evaluate(context);
      return body.evaluate(context);
    },
  };
}

/** 127: a list or map operation on the value of an expression; its arguments may be expressions too. */
function call(args: readonly Value[], scope: Scope): Node {
  expectCount(args, 4);
  const type = resultType(args[0]);
  const system = Number(args[1]);
  const modify = (system & CALL_MODIFY) !== 0;
  if ((system & ~CALL_MODIFY) !== CALL_SYSTEM_CDT) throw new ExpressionError('only lists and maps are supported');
  if (!(args[2] instanceof List)) throw new ExpressionError('no operation');
  let operation = args[2].items;
  let path: Value[] = [];
  if (operation[0] === CDT_CONTEXT && operation[2] instanceof List) {
    path = operation.slice(0, 2);
    operation = operation[2].items;
  }
  const nodes = operation.map((arg) => compileExpression(arg, scope));
  const source = compileExpression(args[3]!, scope);
  return {
    type,
    evaluate: (context) => {
      const value = source.evaluate(context);
      if (value === undefined) return undefined;
      const items: Value[] = [];
      for (const node of nodes) {
        const item = node.evaluate(context);
        if (item === undefined) return undefined;
        items.push(item);
      }
      try {
        // A modifying call changes what it is given; a literal must survive for the next record.
        const subject = modify ? decode(encode(value)) : value;
        const outcome = applyCdtItems(subject, path.length === 0 ? items : [...path, new List(items)], modify);
        const result = modify ? (outcome.container ?? value) : outcome.result;
        return result !== undefined && detectType(result) === type ? result : undefined;
      } catch (error) {
        if (error instanceof ErrorReply || error instanceof MsgpackError) return undefined;
        throw error;
      }
    },
  };
}

function compileArithmetic(rule: ArithmeticRule, args: readonly Value[], scope: Scope): Node {
  expectCount(args, rule.least, rule.most);
  const nodes = compileAll(args, scope);
  const known = nodes.find((node) => node.type !== ResultType.ANY)?.type ?? ResultType.INT;
  const operands = rule.operands ?? nodes.map(() => known);
  if (rule.operands === undefined && known !== ResultType.INT && known !== ResultType.FLOAT) {
    throw new ExpressionError('not a number');
  }
  nodes.forEach((node, i) => {
    if (!fits(node.type, operands[Math.min(i, operands.length - 1)]!)) throw new ExpressionError('wrong type');
  });
  const { integers, floats } = rule;
  return {
    type: rule.result ?? known,
    evaluate: (context) => {
      const values: Value[] = [];
      for (const node of nodes) {
        const value = node.evaluate(context);
        if (value === undefined) return undefined;
        values.push(value);
      }
      if (values[0] instanceof Float) {
        if (floats === undefined) return undefined;
        const result = floats(values.map((value) => (value instanceof Float ? value.value : NaN)));
        return typeof result === 'number' ? Float.of(result) : result;
      }
      const result = integers?.(values.map((value) => (typeof value === 'bigint' ? value : value === true ? 1n : 0n)));
      return result !== undefined && rule.result === ResultType.FLOAT ? Float.of(Number(result)) : result;
    },
  };
}
