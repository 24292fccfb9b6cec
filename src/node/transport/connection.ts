/** One accepted socket: frames in, answers out in order, with back-pressure and the faults that tests ask for. */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameAssembler, FrameError, type Frame } from './frame-assembler.js';
import type { FaultInjection } from '../fault-injection.js';

/** Answers a frame; a promise, if it takes more than one go. */
export type FrameHandler = (frame: Frame, connection: Connection) => Promise<void> | void;

export class Connection {
  /** `address:port` of the client. */
  readonly from: string;
  private readonly assembler = new FrameAssembler();
  private busy = false;
  private framesSeen = 0;
  private countedBytes = 0;
  private cutNumber = 0;

  constructor(
    readonly socket: Socket,
    private readonly handle: FrameHandler,
    private readonly faultInjection: FaultInjection,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.from = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.onData(chunk);
    });
    // Resets and broken pipes are the client's business; 'close' follows.
    socket.on('error', () => socket.destroy());
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  close(): void {
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    this.assembler.push(chunk);
    const { readPauseMs } = this.faultInjection.faultsInForce;
    if (readPauseMs !== undefined) {
      this.socket.pause();
      setTimeout(() => {
        if (!this.busy) this.socket.resume();
      }, readPauseMs).unref();
    }
    if (!this.busy) this.handleFrames();
  }

  /** Answers the frames that are complete. While one takes its time, nothing more is read. */
  private handleFrames(): void {
    try {
      for (;;) {
        const frame = this.assembler.next();
        if (frame === undefined || this.closed) return;
        const { hangAfterFrames } = this.faultInjection.faultsInForce;
        if (hangAfterFrames !== undefined && this.framesSeen++ >= hangAfterFrames) continue;
        const pending = this.handle(frame, this) ?? this.waitForDrain();
        if (pending !== undefined) {
          this.pauseUntil(pending);
          return;
        }
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private pauseUntil(pending: Promise<void>): void {
    this.busy = true;
    this.socket.pause();
    pending.then(
      () => {
        this.busy = false;
        if (this.closed) return;
        this.socket.resume();
        this.handleFrames();
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  private fail(error: unknown): void {
    if (!(error instanceof FrameError)) this.onFailure(error);
    this.close();
  }

  /**
   * Sends bytes. `counted`: they belong to the answer to a message, as opposed to info. `done` is called when the
   * buffer may be used again. A promise is returned if the socket can't take more for now.
   */
  send(bytes: Buffer, counted: boolean, done?: () => void): Promise<void> | undefined {
    const faults = this.faultInjection.faultsInForce;
    const delayMs = counted ? faults.delayMs : faults.infoDelayMs;
    if (delayMs !== undefined) return sleep(delayMs).then(() => this.sendNow(bytes, counted, done));
    return this.sendNow(bytes, counted, done);
  }

  private sendNow(bytes: Buffer, counted: boolean, done?: () => void): Promise<void> | undefined {
    if (this.closed) return undefined;
    if (this.faultInjection.faultsInForce.cut !== undefined) {
      const limit = this.cutLimit(bytes.length, counted);
      if (limit !== undefined) {
        this.faultInjection.countCut();
        this.socket.write(bytes.subarray(0, limit), () => socketEnd(this.socket));
        return closed(this.socket);
      }
    }
    this.socket.write(bytes, done === undefined ? undefined : () => done());
    return this.waitForDrain();
  }

  /** How many of these bytes may go out before the connection is cut; undefined: all. */
  private cutLimit(length: number, counted: boolean): number | undefined {
    const { cut } = this.faultInjection.faultsInForce;
    if (cut === undefined || (!counted && cut.dataOnly !== false)) return undefined;
    if (this.cutNumber === 0) this.cutNumber = this.faultInjection.countCutConnection();
    const left = this.faultInjection.bytesLeft(this.cutNumber, this.countedBytes);
    this.countedBytes += length;
    return left !== undefined && left < length ? left : undefined;
  }

  private waitForDrain(): Promise<void> | undefined {
    const { socket } = this;
    if (!socket.writableNeedDrain || socket.destroyed) return undefined;
    return new Promise((resolve) => {
      const go = (): void => {
        socket.off('drain', go);
        socket.off('close', go);
        resolve();
      };
      socket.on('drain', go);
      socket.on('close', go);
    });
  }
}

function socketEnd(socket: Socket): void {
  socket.destroy();
}

function closed(socket: Socket): Promise<void> | undefined {
  if (socket.destroyed) return undefined;
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
