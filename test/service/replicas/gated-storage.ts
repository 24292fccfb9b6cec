/**
 * A storage in memory whose calls wait until a test lets them go on, one after another: all orders in which two
 * replicas can meet are tried.
 */
import type { JournalStorage } from '../../../src/service/replicas/journal.js';
import { StorageError } from '../../../src/storage/errors.js';

export class MemoryFiles {
  readonly files = new Map<string, string>();
  /** Called before each call; it may wait, or throw. */
  gate: (caller: string, method: string) => Promise<'late' | undefined> = () => Promise.resolve(undefined);

  /** As one replica sees it. */
  view(caller: string): JournalStorage {
    const pass = (method: string): Promise<'late' | undefined> => this.gate(caller, method);
    return {
      list: async (directory) => {
        await pass('list');
        const start = `${directory}/`;
        const names = [...this.files.keys()].filter((path) => path.startsWith(start));
        return names.map((path) => ({ name: path.slice(start.length) })).sort((a, b) => (a.name < b.name ? -1 : 1));
      },
      readVersion: async (path) => {
        await pass('read');
        const text = this.files.get(path);
        return text === undefined ? undefined : { text, version: text, ageMs: 0 };
      },
      createExclusive: async (path, text) => {
        const fault = await pass('create');
        const isNew = !this.files.has(path);
        if (isNew) this.files.set(path, text);
        if (fault === 'late') throw new StorageError('IO_ETIMEDOUT', `Cannot create ${path}: the answer is late`);
        return isNew;
      },
      deleteFile: async (path) => {
        await pass('delete');
        this.files.delete(path);
      },
    };
  }
}

/** What the explorer does with the call that is let go on. */
export type Fault = 'none' | 'dies' | 'late';

export interface Outcome<Result> {
  /** Undefined = the replica has died. */
  results: (Result | undefined)[];
  files: Map<string, string>;
}

/**
 * Runs the replicas in every order of their calls; `check` gets what each order ends in. With `fault`, each call of the
 * first replica has it once, too. Returns the number of orders.
 */
export async function exploreOrders<Result>(
  start: ReadonlyMap<string, string>,
  replicas: readonly ((storage: JournalStorage) => Promise<Result>)[],
  fault: Fault,
  check: (outcome: Outcome<Result>) => Promise<void> | void,
): Promise<number> {
  let count = 0;
  for (let faultAt = fault === 'none' ? -1 : 0; ; faultAt++) {
    let wasHit = false;
    // Choices of the order that is tried; the last one that can be raised gives the next order.
    let choices: number[] = [];
    for (;;) {
      const memory = new MemoryFiles();
      for (const [path, text] of start) memory.files.set(path, text);
      const taken: { choice: number; of: number }[] = [];
      let calls = 0;
      const failures: unknown[] = [];
      const waiting = new Map<number, (fault: 'late' | undefined) => void>();
      const results: (Result | undefined)[] = replicas.map(() => undefined);
      const open = new Set(replicas.keys());
      memory.gate = (caller) => new Promise((resolve) => waiting.set(Number(caller), resolve));
      for (const [i, run] of replicas.entries()) {
        void run(memory.view(String(i)))
          .then((result) => (results[i] = result))
          .catch((error: unknown) => failures.push(error))
          .finally(() => open.delete(i));
      }
      while (open.size > 0) {
        while (waiting.size < open.size) await Promise.resolve();
        if (open.size === 0) break;
        const able = [...waiting.keys()].sort();
        const choice = choices[taken.length] ?? 0;
        taken.push({ choice, of: able.length });
        const picked = able[choice]!;
        const go = waiting.get(picked)!;
        waiting.delete(picked);
        const isHit = picked === 0 && calls++ === faultAt;
        wasHit ||= isHit;
        if (isHit && fault === 'dies') open.delete(0);
        else go(isHit && fault === 'late' ? 'late' : undefined);
      }
      if (failures.length > 0) throw failures[0];
      count++;
      await check({ results, files: memory.files });
      while (taken.length > 0 && taken.at(-1)!.choice === taken.at(-1)!.of - 1) taken.pop();
      if (taken.length === 0) break;
      choices = taken.map(({ choice }) => choice);
      choices[choices.length - 1]!++;
    }
    if (fault === 'none' || !wasHit) return count;
  }
}
