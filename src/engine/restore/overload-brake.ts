/** Slows new frames while the server reports that it cannot keep up: retries alone would add to the load. */

const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 2000;

export class OverloadBrake {
  private pauseMs = 0;

  /** To be called for each answer. Returns for how long no new frame is to be sent, milliseconds. */
  recordAnswer(overloaded: boolean): number {
    if (overloaded) {
      this.pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, this.pauseMs * 2));
    } else {
      this.pauseMs = this.pauseMs < 2 * MIN_PAUSE_MS ? 0 : this.pauseMs / 2;
    }
    return overloaded ? this.pauseMs : 0;
  }
}
