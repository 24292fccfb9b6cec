import type { FrontEnd, HintId } from './hint.js';

/** What an error is about, as data: paths, addresses, counts, result codes. Never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface ToolErrorOptions {
  cause?: unknown;
  details?: ErrorDetails;
  hint?: HintId | undefined;
}

/**
 * The base of every error this project throws on purpose: a stable code that programs can test and one sentence that a
 * person can act on, without a full stop and without the name of an option. The front end adds both: the hint names the
 * option in its own terms (src/ui/error-text.ts). Each folder derives its own classes.
 */
export class ToolError extends Error {
  /** Stable, upper-case, prefixed with the area: `ASB_SYNTAX`, `NET_CONNECT`, `OPTION_RANGE`, … */
  readonly code: string;
  readonly details: ErrorDetails;
  /** What the user can do about it; undefined = the message says all. */
  readonly hint: HintId | undefined;

  constructor(code: string, message: string, { cause, details = {}, hint }: ToolErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
    this.hint = hint;
  }

  /** The message in the terms of a front end. Errors about settings override it, as they name options. */
  messageFor(frontEnd: FrontEnd): string;
  messageFor(): string {
    return this.message;
  }
}

/** An error as it crosses a thread. */
export interface SerializedError {
  code: string;
  message: string;
  stack: string;
  details: ErrorDetails;
  hint: HintId | undefined;
}

/** Prepares any thrown value for `postMessage`. What is no ToolError has the code INTERNAL. */
export function serializeError(error: unknown): SerializedError {
  return {
    code: error instanceof ToolError ? error.code : 'INTERNAL',
    message: errorMessage(error),
    stack: error instanceof Error ? (error.stack ?? '') : '',
    details: error instanceof ToolError ? error.details : {},
    hint: error instanceof ToolError ? error.hint : undefined,
  };
}

/** The error that another thread serialized, with the stack of that thread. */
export function deserializeError({ code, message, stack, details, hint }: SerializedError): ToolError {
  const error = new ToolError(code, message, { details, hint });
  if (stack !== '') error.stack = stack;
  return error;
}

/** The message of any thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EEXIST: 'it exists already',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reported an error',
  EFBIG: 'the file may not become larger',
  EMFILE: 'too many open files',
  ELOOP: 'too many symbolic links',
  ENXIO: 'no process has the pipe open for reading',
  ENAMETOOLONG: 'the name is too long',
  EPIPE: 'the reader of the pipe has closed it',
};

/** Error numbers of Linux that libuv has no name for: their code is `Unknown system error -122`. */
const UNNAMED_CODES: Readonly<Record<number, string>> = { [-122]: 'EDQUOT' };

/** The name of a system error: `ENOENT`; undefined for what is none. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  const unnamed = errno === undefined ? undefined : UNNAMED_CODES[errno];
  return unnamed ?? (typeof code === 'string' ? code : undefined);
}

/**
 * Why the system refused: `no such file or directory (ENOENT)`. Node's own text repeats the path and names the call.
 */
export function systemErrorText(error: unknown): string {
  const code = systemErrorCode(error) ?? '';
  const reason = SYSTEM_REASONS[code];
  return reason === undefined ? errorMessage(error).replace(/\.$/, '') : `${reason} (${code})`;
}
