/**
 * Gives the elements of batches one by one, as an async generator over them would, without the cost of one: an element
 * that is there takes one promise. Requests are answered in their order, also when several are made at once.
 */
export class BatchedGenerator<T> implements AsyncGenerator<T, void, undefined> {
  private batch: readonly T[] = [];
  private index = 0;
  /** Settles when all requests so far have been answered; undefined = they have been. */
  private pending: Promise<void> | undefined;

  constructor(private readonly batches: AsyncGenerator<readonly T[], void, undefined>) {}

  next(): Promise<IteratorResult<T, void>> {
    if (this.pending === undefined && this.index < this.batch.length) {
      return Promise.resolve({ done: false, value: this.batch[this.index++]! });
    }
    return this.enqueue(() => this.advance());
  }

  return(): Promise<IteratorResult<T, void>> {
    return this.enqueue(() => {
      this.batch = [];
      return this.batches.return() as Promise<IteratorReturnResult<void>>;
    });
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    return this.enqueue(() => {
      this.batch = [];
      return this.batches.throw(error) as Promise<IteratorReturnResult<void>>;
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private async advance(): Promise<IteratorResult<T, void>> {
    while (this.index >= this.batch.length) {
      const { done, value } = await this.batches.next();
      if (done === true) return { done, value: undefined };
      this.batch = value;
      this.index = 0;
    }
    return { done: false, value: this.batch[this.index++]! };
  }

  private enqueue(answer: () => Promise<IteratorResult<T, void>>): Promise<IteratorResult<T, void>> {
    const result = this.pending === undefined ? answer() : this.pending.then(answer);
    const settled: Promise<void> = result.then(
      () => this.endRequest(settled),
      () => this.endRequest(settled),
    );
    this.pending = settled;
    return result;
  }

  private endRequest(settled: Promise<void>): void {
    if (this.pending === settled) this.pending = undefined;
  }
}
