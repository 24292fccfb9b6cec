/** The service as a process, for the programs beside this file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/aerospike-backup-service', import.meta.url));

export interface RunningService {
  /** Without a slash at the end. */
  url: string;
  pid: number;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Resolves when it listens. Rejects with its log if it ends before. */
export async function startService(file: string): Promise<RunningService> {
  const child = spawn(process.execPath, [PROGRAM, '-c', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    const log: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /Listening on (http:\S+?)\/?["\s]/.exec(line)?.[1];
      if (found === undefined) log.push(line);
      else resolve(found);
    });
    void exited.then(([code]) => {
      reject(new Error(`the service ended with exit code ${code ?? 'null'}\n${log.join('\n')}`));
    });
  });
  return {
    url,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

export interface Answer {
  status: number;
  /** What its JSON says, or its text. */
  body: unknown;
}

export async function sendRequest(url: string, method: 'GET' | 'POST' | 'PUT', body?: object): Promise<Answer> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
