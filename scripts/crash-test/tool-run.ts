/** Runs of the two commands as child processes whose log can be waited for. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/', import.meta.url));
const POLL_MS = 5;
/** Default time after which a run counts as hanging. */
const HANG_MS = 120_000;
const MAX_SHOWN_LOG = 2000;

export interface EndedRun {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** All of standard error. */
  log: string;
  /** All of standard output, byte by byte as latin1; empty unless it was asked for. */
  output: string;
}

export interface ToolRunOptions {
  /** A run that takes longer is killed, and `done` rejects. */
  hangMs?: number;
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Keep standard output. */
  keepOutput?: boolean;
  /** The working directory; default: that of this process. */
  cwd?: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly done: Promise<EndedRun>;
  /** Resolves when the log matches, the function returns true, or the run has ended. */
  until(condition: RegExp | (() => boolean)): Promise<void>;
}

export function startTool(
  tool: 'asbackup' | 'asrestore',
  args: readonly string[],
  { hangMs = HANG_MS, env = {}, keepOutput = false, cwd }: ToolRunOptions = {},
): Run {
  const child = spawn(process.execPath, [join(BIN, tool), ...args], {
    stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let log = '';
  let output = '';
  child.stdout?.setEncoding('latin1').on('data', (text: string) => (output += text));
  let ended = false;
  let hangs = false;
  let notify = (): void => undefined;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    notify();
  });
  const hangTimer = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, hangMs);
  const done = new Promise<EndedRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = true;
      clearTimeout(hangTimer);
      notify();
      if (hangs) reject(new Error(`${tool} ${args.join(' ')} hangs:\n${log.slice(-MAX_SHOWN_LOG)}`));
      else resolve({ code, signal, log, output });
    });
  });
  const hasEnded = (): boolean => ended;
  return {
    child,
    done,
    until: async (condition) => {
      if (typeof condition === 'function') {
        while (!hasEnded() && !condition()) await sleep(POLL_MS);
        return;
      }
      while (!hasEnded() && !condition.test(log)) {
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
  };
}
