/** Starts the in-memory server as a process of its own, for the demo and the benchmark. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/node/main.js', import.meta.url));

export interface Server {
  host: string;
  port: number;
  stop(): Promise<void>;
}

/**
 * `args`: further arguments of the server. `program`: one that says when it is ready as the server does. `onSpawn` gets
 * the process as soon as it exists.
 */
export async function startServer(
  args: readonly string[] = ['--port', '0'],
  program = MAIN,
  onSpawn?: (child: ChildProcess) => void,
): Promise<Server> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onSpawn?.(child);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const address = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`the server ended with code ${code ?? 'null'}`));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = /^ready ([^,]+)/.exec(line);
      if (match) resolve(match[1]!);
    });
  });
  const colon = address.lastIndexOf(':');
  return {
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
