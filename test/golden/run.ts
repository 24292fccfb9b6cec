/** Runs the two commands as a user would: as processes, two at a time at most. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const MOST_PROCESSES = 2;

export type ToolName = 'asbackup' | 'asrestore';

/** What is sent to a process as soon as its standard error matches. */
export interface Nudge {
  when: RegExp;
  signal: NodeJS.Signals;
}

export interface RunOptions {
  cwd: string;
  env?: Readonly<Record<string, string>>;
  stdin?: Buffer;
  mostBlocks?: number;
  /** One after the other, each for what was written after the one before. */
  nudges?: readonly Nudge[];
}

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: Buffer;
  pid: number;
}

let running = 0;
const waiting: (() => void)[] = [];

export async function runCommand(tool: ToolName, args: readonly string[], options: RunOptions): Promise<Ran> {
  if (running < MOST_PROCESSES) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await runNow(tool, args, options);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

/** Nothing of the environment of the tests, so that nobody's settings show up in an output. */
function environment({ cwd, env }: RunOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: cwd,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  };
}

function runNow(tool: ToolName, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const command = [process.execPath, join(BIN, tool), ...args];
    const { mostBlocks } = options;
    const [program = '', ...rest] =
      mostBlocks === undefined ? command : ['sh', '-c', `ulimit -f ${mostBlocks}; exec "$0" "$@"`, ...command];
    const child = spawn(program, rest, {
      cwd: options.cwd,
      env: environment(options),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const nudges = [...(options.nudges ?? [])];
    let unseen = '';
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      const [nudge] = nudges;
      if (nudge === undefined) return;
      unseen += chunk.toString('latin1');
      const found = nudge.when.exec(unseen);
      if (found === null) return;
      nudges.shift();
      unseen = unseen.slice(found.index + found[0].length);
      child.kill(nudge.signal);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const pid = child.pid ?? 0;
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), pid });
    });
    // A command that fails early closes its end of the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin);
  });
}
