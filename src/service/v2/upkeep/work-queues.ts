/** Work that is made one after another within its kind: kinds do not wait for each other. */
export class WorkQueues<Kind extends string> {
  private readonly tails = new Map<Kind, Promise<void>>();
  /** Names of work that waits, or is under way. */
  private readonly names = new Set<string>();
  private isStopped = false;

  constructor(private readonly onError: (error: unknown) => void) {}

  /** Does nothing if work of this kind and name waits or is under way. */
  add(kind: Kind, name: string, work: () => Promise<void>): void {
    const key = `${kind} ${name}`;
    if (this.isStopped || this.names.has(key)) return;
    this.names.add(key);
    const tail = (this.tails.get(kind) ?? Promise.resolve())
      .then(() => (this.isStopped ? undefined : work()))
      .catch(this.onError)
      .finally(() => this.names.delete(key));
    this.tails.set(kind, tail);
  }

  /** Resolves when nothing waits and nothing is under way. */
  async settle(): Promise<void> {
    while (this.names.size > 0) await Promise.all(this.tails.values());
  }

  /** Work that waits is left out; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.tails.values());
  }
}
