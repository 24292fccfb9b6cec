/**
 * The base of every error this project throws on purpose: a stable code that programs can test, one sentence that a
 * person can act on, and the cause. Each room derives its own classes.
 */
export class ToolError extends Error {
  /** Stable, upper-case, prefixed with the room: `ASB_SYNTAX`, `NET_CONNECT`, `OPTION_RANGE`, … */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The sentence of any thrown value, for a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
