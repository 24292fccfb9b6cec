/** Filter expressions: compiling and running them. Spec: wire.md 10. */
import { ResultCode } from '../../aerospike/protocol/constants.js';
import { compileExpression, ExpressionError, ResultType, type Node } from './compile.js';
import { List, MsgpackError, decode, type Value } from '../protocol/msgpack.js';
import type { RecordContext } from './record-context.js';
import { ErrorReply } from '../protocol/reply.js';

export class Filter {
  private constructor(private readonly root: Node) {}

  /** 10.3: built, and its types checked, before any record is read. Throws ErrorReply(4). */
  static compile(bytes: Buffer): Filter {
    const root = compile(bytes);
    if (root.type !== ResultType.BOOL && root.type !== ResultType.ANY) throw new ErrorReply(ResultCode.PARAMETER);
    return new Filter(root);
  }

  /** 10.3: unknown counts as false. */
  matches(context: RecordContext): boolean {
    return this.root.evaluate(context) === true;
  }
}

function compile(bytes: Buffer): Node {
  return guarded(() => compileExpression(decode(bytes)));
}

function guarded<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof MsgpackError || error instanceof ExpressionError) throw new ErrorReply(ResultCode.PARAMETER);
    throw error;
  }
}

/** 10.5: an expression op's value is `[expression, flags]`. `value` undefined = unknown. */
export function runExpression(op: Buffer, context: RecordContext): { value: Value | undefined; flags: number } {
  return guarded(() => {
    const decoded = decode(op);
    if (!(decoded instanceof List) || decoded.items.length !== 2) throw new ExpressionError('not [expression, flags]');
    const [expression, flags] = decoded.items;
    if (typeof flags !== 'bigint') throw new ExpressionError('flags are not an integer');
    return { value: compileExpression(expression!).evaluate(context), flags: Number(flags) };
  });
}
