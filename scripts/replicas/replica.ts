/** One process of the service, which is killed, stopped and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { ProcessGuard } from './process-guard.js';
import type { ServiceDocument } from '../../src/service/document/schema/service-document.js';

const PROGRAM = fileURLToPath(new URL('../../bin/aerospike-backup-service', import.meta.url));

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
    const child = spawn(process.execPath, [PROGRAM, '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.guard.add(child);
    const log = createWriteStream(`${this.folder}/${this.id}.log`, { flags: 'a' });
    child.stderr.pipe(log, { end: false });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        log.write(`${line}\n`);
        if (line.includes('Listening on')) resolve();
      });
      child.once('exit', (code) => reject(new Error(`the replica ${this.id} ended with code ${code ?? 'null'}`)));
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
