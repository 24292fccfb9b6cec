/** Ends processes when the one that has started them is gone, however it ended. */
import { spawn, type ChildProcess } from 'node:child_process';

/** Reads `+PID` and `-PID`, and kills what is left when there is nobody any more who writes. Stopped ones die, too. */
const WATCHER = `
const pids = new Set();
let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\\n');
  rest = lines.pop();
  for (const line of lines) line[0] === '+' ? pids.add(Number(line.slice(1))) : pids.delete(Number(line.slice(1)));
});
process.stdin.on('end', () => {
  for (const pid of pids) {
    try { process.kill(pid, 'SIGKILL'); } catch {}
  }
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
`;

export class ProcessGuard {
  private readonly watcher: ChildProcess;

  constructor() {
    // In a process group of its own: what ends that of this process must not end it.
    this.watcher = spawn(process.execPath, ['-e', WATCHER], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.watcher.stdin!.on('error', () => undefined);
    this.watcher.unref();
  }

  add(child: ChildProcess): void {
    this.write(`+${child.pid!}`);
    child.once('exit', () => this.write(`-${child.pid!}`));
  }

  /** Ends what is guarded, and itself. */
  close(): void {
    this.watcher.stdin!.end();
  }

  private write(line: string): void {
    if (!this.watcher.stdin!.writableEnded) this.watcher.stdin!.write(`${line}\n`);
  }
}
