/** Somebody wants to know at once how far a run is, such as with SIGUSR1. */
export class ProgressRequests {
  #tell: (() => void) | undefined;

  /** What answers from now on; undefined = nothing is under way. */
  answerWith(tell: (() => void) | undefined): void {
    this.#tell = tell;
  }

  /** Returns whether there was somebody to answer. */
  ask(): boolean {
    this.#tell?.();
    return this.#tell !== undefined;
  }
}
