/** Asks for a password, without showing it (asbackup.md 1.1). */
import { closeSync, openSync, readSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../core/errors.js';
import { OptionError } from '../config/option-error.js';

const CTRL_C = '\x03';
const CTRL_D = '\x04';
const CTRL_U = '\x15';
const CTRL_W = '\x17';
const STDIN = 0;
/** For a standard input that has nothing yet and does not wait. */
const POLL_MS = 20;

/** The input side of a terminal. */
export interface Keyboard {
  setRawMode(on: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (text: string) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface PromptContext {
  stderr: (text: string) => void;
  /** Standard input is the backup: the prompt must use the terminal itself. */
  stdinTaken: boolean;
}

/**
 * Reads from the terminal if standard input is one; otherwise one line of standard input, and not a byte more, as the
 * rest may be a backup. Where standard input is the backup, the terminal of the process is preferred.
 */
export async function askPassword(prompt: string, context: PromptContext): Promise<string> {
  if (process.stdin.isTTY) return readHidden(prompt, process.stdin, context.stderr);
  if (context.stdinTaken) {
    const terminal = openTerminal();
    if (terminal !== undefined) {
      try {
        return await readHidden(prompt, terminal, context.stderr);
      } finally {
        terminal.destroy();
      }
    }
  }
  context.stderr(prompt);
  const line = await readLine();
  context.stderr('\n');
  return line;
}

/** Undefined: the process has no terminal. */
function openTerminal(): ReadStream | undefined {
  let fd: number;
  try {
    fd = openSync('/dev/tty', 'r+');
  } catch {
    return undefined;
  }
  try {
    return new ReadStream(fd);
  } catch {
    closeSync(fd);
    return undefined;
  }
}

/** Reads keys up to Enter. Rejects with a ToolError INTERRUPTED on Ctrl-C and on Ctrl-D in an empty line. */
export function readHidden(prompt: string, keyboard: Keyboard, stderr: (text: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const stop = (): void => {
      keyboard.off('data', onData);
      keyboard.off('end', onEnd);
      keyboard.setRawMode(false);
      keyboard.pause();
      stderr('\n');
    };
    const onEnd = (): void => {
      stop();
      reject(new ToolError('INTERRUPTED', 'No password was given; nothing was done'));
    };
    const onData = (text: string): void => {
      for (const key of text) {
        if (key === '\r' || key === '\n') {
          stop();
          resolve(typed.join(''));
          return;
        }
        if (key === CTRL_C || (key === CTRL_D && typed.length === 0)) {
          onEnd();
          return;
        }
        if (key === '\x7f' || key === '\b') typed.pop();
        else if (key === CTRL_U || key === CTRL_W) typed = [];
        else if (key >= ' ') typed.push(key);
      }
    };
    stderr(prompt);
    keyboard.setEncoding('utf8');
    keyboard.setRawMode(true);
    keyboard.on('data', onData);
    keyboard.on('end', onEnd);
    keyboard.resume();
  });
}

/** A line of standard input, byte by byte: what follows it is not for this prompt. */
async function readLine(): Promise<string> {
  const bytes: number[] = [];
  const one = Buffer.alloc(1);
  for (;;) {
    let count: number;
    try {
      count = readSync(STDIN, one, 0, 1, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') {
        await sleep(POLL_MS);
        continue;
      }
      count = 0;
    }
    if (count === 0 && bytes.length === 0) {
      const text =
        'Cannot prompt for the password: standard input is closed. Give --password env:VARIABLE or file:PATH';
      throw new OptionError('OPTION_PASSWORD', text);
    }
    if (count === 0 || one[0] === 0x0a) break;
    bytes.push(one[0]!);
  }
  if (bytes.at(-1) === 0x0d) bytes.pop();
  return Buffer.from(bytes).toString('utf8');
}
