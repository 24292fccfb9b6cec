/** The way from a worker thread to the SDK in the main thread. */
import type { MessagePort } from 'node:worker_threads';
import { ToolError } from '../../core/errors.js';
import { StorageError } from '../errors.js';
import { memoryOf, type Caller, type CallName, type Calls } from './api.js';

interface Question {
  id: number;
  name: CallName;
  input: Calls[CallName]['in'];
}

type Answer =
  | { id: number; kind: 'started' }
  | { id: number; kind: 'done'; result: unknown }
  | { id: number; kind: 'failed'; code: string; message: string };

interface Waiting {
  started: (() => void) | undefined;
  done: (result: never) => void;
  failed: (error: Error) => void;
}

export class RemoteCaller implements Caller {
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  constructor(private readonly port: MessagePort) {
    port.on('message', (answer: Answer) => {
      const waiting = this.waiting.get(answer.id);
      if (answer.kind === 'started') {
        waiting?.started?.();
        return;
      }
      this.waiting.delete(answer.id);
      if (answer.kind === 'done') waiting?.done(answer.result as never);
      else waiting?.failed(new StorageError(answer.code, answer.message));
    });
    // The thread lives by its work, not by this.
    port.unref();
  }

  call<N extends CallName>(name: N, input: Calls[N]['in'], started?: () => void): Promise<Calls[N]['out']> {
    const id = this.count++;
    return new Promise((done, failed) => {
      this.waiting.set(id, { started, done, failed });
      const question: Question = { id, name, input };
      this.port.postMessage(question, memoryOf(input));
    });
  }
}

/** The other end. `open` is called with the first question. */
export function serveCalls(port: MessagePort, open: () => Promise<Caller>): void {
  const reply = (answer: Answer, memory: ArrayBuffer[] = []): void => port.postMessage(answer, memory);
  const serve = async ({ id, name, input }: Question): Promise<void> => {
    try {
      const caller = await open();
      const result = await caller.call(name, input, () => reply({ id, kind: 'started' }));
      reply({ id, kind: 'done', result }, memoryOf(result));
    } catch (error) {
      const code = error instanceof ToolError ? error.code : 'INTERNAL';
      reply({ id, kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
    }
  };
  port.on('message', (question: Question) => void serve(question));
  port.unref();
}
