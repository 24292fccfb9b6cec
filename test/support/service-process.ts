/** The service as a process, for tests and scripts that start, ask, end and kill it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/aerospike-backup-service', import.meta.url));

export interface Answer {
  status: number;
  text: string;
  /** What the JSON of the answer says; undefined = it is no JSON. */
  json: unknown;
}

export interface ServiceProcess {
  child: ChildProcess;
  url: string;
  /** Lines of standard output so far. */
  log: string[];
  request(method: string, path: string, body?: object): Promise<Answer>;
  /** Ends it with the signal. Resolves with its exit code, null if it was killed. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ServiceProcessOptions {
  /** After `-c FILE`. */
  args?: readonly string[];
  /** Gets the process as soon as it exists, before it listens. */
  onSpawn?: (child: ChildProcess) => void;
  /** Gets what it prints, both outputs. */
  onOutput?: (text: string) => void;
  /** Sees each answer, to check it. `path` is without a query. */
  onAnswer?: (method: string, path: string, answer: Answer) => void;
}

/** Resolves when it listens. Rejects with its output if it ends before. */
export async function startServiceProcess(
  file: string,
  { args = [], onSpawn, onOutput, onAnswer }: ServiceProcessOptions = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [PROGRAM, '-c', file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onSpawn?.(child);
  const log: string[] = [];
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
    onOutput?.(text);
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      onOutput?.(`${line}\n`);
      const found = /Listening on (https?:\/\/[^\s"]+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found.replace(/\/$/, ''));
    });
    void exited.then(([code]) =>
      reject(new Error(`the service ended with code ${code ?? 'null'}: ${errors}${log.join('\n')}`)),
    );
  });
  return {
    child,
    url,
    log,
    async request(method, path, body) {
      const answer = await sendRequest(`${url}${path}`, method, body);
      onAnswer?.(method, path.replace(/\?.*/, ''), answer);
      return answer;
    },
    async end(signal) {
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

export async function sendRequest(url: string, method: string, body?: object): Promise<Answer> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
  return { status: response.status, text, json: isJson ? (JSON.parse(text) as unknown) : undefined };
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
