/** One process of the service, which is killed, stopped and started again. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { startServiceProcess } from '../../test/support/service-process.js';
import type { ProcessGuard } from './process-guard.js';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';

export class Replica {
  /** Set while it schedules; undefined = it is down, or starts. */
  private child: ChildProcess | undefined;
  isStopped = false;

  constructor(
    readonly id: string,
    private readonly folder: string,
    private readonly guard: ProcessGuard,
  ) {}

  get isUp(): boolean {
    return this.child !== undefined && !this.isStopped;
  }

  /** Resolves when it schedules. Rejects if it ends before. */
  async start(document: ServiceDocument): Promise<void> {
    const file = `${this.folder}/${this.id}.yml`;
    writeFileSync(file, stringify(document));
    const output = createWriteStream(`${this.folder}/${this.id}.log`, { flags: 'a' });
    const { child } = await startServiceProcess(file, {
      onSpawn: (spawned) => this.guard.add(spawned),
      onOutput: (text) => output.write(text),
    });
    this.child = child;
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  freeze(): void {
    this.isStopped = this.child?.kill('SIGSTOP') === true;
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
    this.isStopped = false;
  }
}
