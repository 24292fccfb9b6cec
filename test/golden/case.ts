/** What a case is made of, and short ways to write one. */
import type { NodeSetup } from './node.js';
import type { Nudge, ToolName } from './run.js';

/** How a file is shown in the golden file. */
export type Showing =
  /** As it is, but for the times at which restored records expire. */
  | 'text'
  /** Length and hash. */
  | 'hash'
  /** Its length alone: the contents are encrypted with a vector made by chance. */
  | 'size'
  /** That it exists. */
  | 'name'
  | 'machine'
  | 'state';

/** One command line. */
export interface Step {
  tool: ToolName;
  /**
   * `$PORT`, `$PORT2` and so on stand for the ports of the nodes, `$AGENT` for that of the secret agent, `$FIXTURES`
   * for the folder of the C tool's backups.
   */
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** No file may become larger than so many blocks of the shell, as on a disk that is full. */
  mostBlocks?: number;
  stdin?: string | Buffer;
  nudges?: readonly Nudge[];
  /** The server stops to misbehave before this step. */
  behaving?: true;
  /** Files that come up before this step. */
  write?: Readonly<Record<string, string>>;
  /** What the step before wrote to standard output. */
  stdinFromBefore?: true;
  /** How standard output is shown; default: as it is. */
  stdout?: 'text' | 'hash' | 'omitted';
  maskCounts?: true;
  unordered?: true;
  showProgress?: true;
}

export interface Case {
  /** Of the golden file; no two are the same. */
  name: string;
  /** Subject, condition, result. */
  says: string;
  steps: readonly Step[];
  /** Absent: there is no server. */
  node?: NodeSetup;
  /** Secrets of an agent, by `resource:key`. */
  agent?: Readonly<Record<string, string>>;
  /** What is there before the first step. A path that ends in a slash is a directory. */
  files?: Readonly<Record<string, string | Buffer>>;
  /** Files that are not shown in the way that their name asks for. */
  as?: Readonly<Record<string, Showing>>;
  /** The records of all backup files of this directory, whichever file they are in, are shown together. */
  combined?: string;
}

/** The words of a command line without quotes. */
export function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

type More = Omit<Step, 'tool' | 'args'>;

/** `line` may be the words themselves, if there are blanks in them. */
export function asbackup(line: string | readonly string[], more: More = {}): Step {
  return { tool: 'asbackup', args: typeof line === 'string' ? words(line) : line, ...more };
}

export function asrestore(line: string | readonly string[], more: More = {}): Step {
  return { tool: 'asrestore', args: typeof line === 'string' ? words(line) : line, ...more };
}

const AT = ['-h', '127.0.0.1', '-p', '$PORT'];

/** A backup of the server of the case. */
export function backup(line: string | readonly string[], more: More = {}): Step {
  const step = asbackup(line, more);
  return { ...step, args: [...AT, ...step.args] };
}

/** A restore into the server of the case. */
export function restore(line: string | readonly string[], more: More = {}): Step {
  const step = asrestore(line, more);
  return { ...step, args: [...AT, ...step.args] };
}

/** Shows what the namespace `test` holds after a restore. */
export function contentsAfter(namespace = 'test'): Step {
  return backup(`-n ${namespace} -o -`);
}
