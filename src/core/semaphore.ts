/** So many at a time, in the order of their coming. */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  /** @param most may change while work is under way */
  constructor(private readonly most: () => number) {}

  /** `started` is called when it is `work`'s turn. */
  async run<T>(work: () => Promise<T>, started?: () => void): Promise<T> {
    if (this.busy < this.most()) this.busy++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      started?.();
      return await work();
    } finally {
      // The place goes to the next one, unless there are to be fewer places.
      const next = this.busy <= this.most() ? this.waiting.shift() : undefined;
      if (next === undefined) this.busy--;
      else next();
    }
  }
}

/**
 * How many parts may be on their way. Every thread that writes gathers its next two meanwhile; so that the memory of all
 * is what the limit promises, these count as well, up to half of it.
 */
export function uploadsAtOnce(limit: number, threads: number): number {
  return Math.max(Math.ceil(limit / 2), limit - 2 * threads);
}
