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
  ENXIO: 'nobody is at its other end',
  ENAMETOOLONG: 'the name is too long',
  EPIPE: 'the reader of the pipe has gone',
};

/** Why the system refused: `no such file or directory (ENOENT)`. Node's own text repeats the path and names the call. */
export function systemErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = SYSTEM_REASONS[code];
  return reason === undefined ? errorMessage(error).replace(/\.$/, '') : `${reason} (${code})`;
}
