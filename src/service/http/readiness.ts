import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../core/errors.js';
import type { ConfigAccess, DependencyProbes } from './dependencies.js';

const DEFAULT_TIMEOUT_MS = 5000;
/** Requests within this time share one answer, so that they cannot flood what they ask for. */
const REUSE_MS = 2000;
const PARALLEL_PROBES = 8;

/** Asks every configured storage and cluster whether it answers. */
export class Readiness {
  private running: Promise<string[]> | undefined;
  private reusableUntilMs = 0;
  /** Questions without an answer yet. They are not asked again meanwhile. */
  private readonly open = new Map<string, Promise<void>>();

  constructor(
    private readonly config: ConfigAccess,
    private readonly probes: DependencyProbes,
    private readonly timeoutMs = DEFAULT_TIMEOUT_MS,
    private readonly reuseMs = REUSE_MS,
  ) {}

  /** What does not answer, and why; empty = everything does. Takes no longer than the timeout and never rejects. */
  check(): Promise<string[]> {
    if (this.running === undefined || performance.now() > this.reusableUntilMs) {
      this.reusableUntilMs = performance.now() + this.timeoutMs + this.reuseMs;
      const check = this.askAll();
      this.running = check;
      void check.then(() => {
        if (this.running === check) this.reusableUntilMs = performance.now() + this.reuseMs;
      });
    }
    return this.running;
  }

  private async askAll(): Promise<string[]> {
    const { storage = {}, 'aerospike-clusters': clusters = {} } = this.config.document;
    const questions = [
      ...Object.keys(storage).map((name) => ({ what: `storage "${name}"`, ask: () => this.probes.storage(name) })),
      ...Object.keys(clusters).map((name) => ({ what: `cluster "${name}"`, ask: () => this.probes.cluster(name) })),
    ];
    const problems = questions.map((): string | undefined => undefined);
    const deadline = new AbortController();
    const expired = sleep(this.timeoutMs, undefined, { signal: deadline.signal }).catch(() => undefined);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let i = next++; i < questions.length; i = next++) {
        const { what, ask } = questions[i]!;
        problems[i] = `${what}: no answer within ${this.timeoutMs} ms`;
        problems[i] = await this.askOnce(what, ask).then(
          () => undefined,
          (error: unknown) => `${what}: ${error instanceof ToolError ? error.messageFor('rest') : 'unexpected error'}`,
        );
      }
    };
    const all = Promise.all(Array.from({ length: PARALLEL_PROBES }, worker));
    const isDone = await Promise.race([all.then(() => true), expired.then(() => false)]);
    deadline.abort();
    // What was not asked yet, for want of time, does not count as ready.
    for (let i = next; !isDone && i < questions.length; i++) problems[i] = `${questions[i]!.what}: not asked in time`;
    return problems.filter((problem) => problem !== undefined);
  }

  private askOnce(what: string, ask: () => Promise<void>): Promise<void> {
    let answer = this.open.get(what);
    if (answer === undefined) {
      answer = ask().finally(() => this.open.delete(what));
      this.open.set(what, answer);
    }
    return answer;
  }
}
