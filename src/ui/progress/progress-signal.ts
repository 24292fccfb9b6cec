/** Somebody may want to know at once how far a run is, such as by SIGUSR1. */
export interface ProgressSignal {
  /** What is called at a request from now on; undefined = nothing is under way. */
  answerWith(tell: (() => void) | undefined): void;
}
