/**
 * Lets worker threads use a client that lives in the main thread: one pool of connections, one set of credentials, and
 * limits that hold for all threads. Memory is transferred with a message, not copied.
 */
import type { MessagePort } from 'node:worker_threads';
import { serializeError, type SerializedError } from '../core/errors.js';
import { callMethod, createClient, type Methods } from './client.js';
import { StorageError } from './errors.js';

interface Request {
  id: number;
  method: string;
  input: unknown;
}

type Response =
  | { id: number; kind: 'started' }
  | { id: number; kind: 'done'; result: unknown }
  | { id: number; kind: 'failed'; error: SerializedError };

interface Pending {
  onStart: (() => void) | undefined;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** In a worker thread: a client whose calls are made by the other end of `port`. */
export function createRemoteClient<C>(methods: Methods<C>, port: MessagePort): C {
  const pending = new Map<number, Pending>();
  let nextId = 0;
  port.on('message', (response: Response) => {
    const call = pending.get(response.id);
    if (response.kind === 'started') {
      call?.onStart?.();
      return;
    }
    pending.delete(response.id);
    if (response.kind === 'done') call?.resolve(response.result);
    else call?.reject(toStorageError(response.error));
  });
  // Pending calls alone do not keep the thread alive: its work does.
  port.unref();
  return createClient<C>(methods, (method, input, { onStart }) => {
    const id = nextId++;
    return new Promise((resolve, reject) => {
      pending.set(id, { onStart, resolve, reject });
      const request: Request = { id, method, input };
      port.postMessage(request, collectMemory(input));
    });
  });
}

/** In the main thread: makes the calls that arrive at `port`. `onClose` is called when the thread has ended. */
export function serveClient(client: object, port: MessagePort, onClose: () => void = () => undefined): void {
  const post = (response: Response, memory: ArrayBuffer[] = []): void => port.postMessage(response, memory);
  const serve = async ({ id, method, input }: Request): Promise<void> => {
    try {
      const onStart = (): void => post({ id, kind: 'started' });
      const result = await callMethod(client, method, input, { attempt: 1, received: 0, onStart });
      post({ id, kind: 'done', result }, collectMemory(result));
    } catch (error) {
      post({ id, kind: 'failed', error: serializeError(error) });
    }
  };
  port.on('message', (request: Request) => void serve(request));
  port.on('close', onClose);
  port.unref();
}

function toStorageError({ code, message, details, hint, stack }: SerializedError): StorageError {
  const error = new StorageError(code, message, { details, hint });
  if (stack !== '') error.stack = stack;
  return error;
}

/** Every ArrayBuffer in plain data. */
function collectMemory(value: unknown, found: ArrayBuffer[] = []): ArrayBuffer[] {
  if (value instanceof ArrayBuffer) found.push(value);
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) collectMemory(part, found);
  return found;
}
