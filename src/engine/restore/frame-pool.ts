/** Write frames that are used again: their buffers are large. */
import { type FrameMemory, WriteFrame, type WriteMode } from '../../aerospike/protocol/write-frame.js';

export class FramePool {
  private readonly free: WriteFrame[] = [];
  /** Those that the scanner's module can append to. */
  private readonly freeAtHome: WriteFrame[];

  /** @param homes memory that there is for frames of new rows */
  constructor(
    private readonly mode: WriteMode,
    homes: readonly FrameMemory[] = [],
  ) {
    this.freeAtHome = homes.map((home) => new WriteFrame(mode, home));
  }

  /** An empty frame for rows that were sent `attempt` times before. */
  acquire(attempt: number): WriteFrame {
    const frame = this.free.pop() ?? new WriteFrame(this.mode);
    frame.attempt = attempt;
    return frame;
  }

  /** An empty frame for new rows, in memory of the module if there is any left. */
  acquireNew(): WriteFrame {
    return this.freeAtHome.pop() ?? this.acquire(0);
  }

  release(frame: WriteFrame): void {
    frame.clear();
    (frame.home === undefined ? this.free : this.freeAtHome).push(frame);
  }
}
