/** Write frames that are used again: their buffers are large. */
import { WriteFrame, type WriteMode } from '../../aerospike/protocol/write-frame.js';

export class FramePool {
  private readonly free: WriteFrame[] = [];

  constructor(private readonly mode: WriteMode) {}

  /** An empty frame. `attempt`: how often its rows have been sent before. */
  acquire(attempt: number): WriteFrame {
    const frame = this.free.pop() ?? new WriteFrame(this.mode);
    frame.attempt = attempt;
    return frame;
  }

  release(frame: WriteFrame): void {
    frame.clear();
    this.free.push(frame);
  }
}
