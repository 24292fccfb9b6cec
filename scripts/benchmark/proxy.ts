/** A link with a latency and a bandwidth, between clients of one address and a server at another one. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TokenBucket } from '../../src/core/token-bucket.js';

export interface LinkShape {
  /** One way. */
  latencyMs: number;
  /** In each direction; Infinity = as fast as it goes. */
  bytesPerSecond: number;
}

/** What went through a direction of the link. */
export interface Traffic {
  bytes: number;
  /** From the first byte to the last one, without the start and the end of the run. */
  spanS: number;
}

/** Bytes on their way: more wait in the buffers of the sender. */
const MAX_BYTES_UNDER_WAY = 8 << 20;
/** Before so much has passed, programs start and ask the cluster. */
const WARM_UP_BYTES = 256 << 10;

class Direction {
  private bytes = 0;
  private firstAt = 0;
  private lastAt = 0;
  private readonly bucket: TokenBucket | undefined;

  constructor(private readonly shape: LinkShape) {
    if (shape.bytesPerSecond !== Infinity) this.bucket = new TokenBucket(shape.bytesPerSecond, undefined, 0);
  }

  /** Gives what `from` sends to `to`, later. */
  join(from: Socket, to: Socket): void {
    const queue: { chunk: Buffer; dueAt: number }[] = [];
    let underWay = 0;
    let ended = false;
    const deliver = (): void => {
      const now = performance.now();
      // Timers of different lengths may come in another order than their bytes.
      while (queue.length > 0 && queue[0]!.dueAt <= now + 1) {
        const { chunk } = queue.shift()!;
        underWay -= chunk.length;
        this.count(chunk.length, now);
        to.write(chunk);
      }
      if (underWay < MAX_BYTES_UNDER_WAY) from.resume();
      if (ended && queue.length === 0) to.end();
    };
    from.on('data', (chunk: Buffer) => {
      const waitMs = (this.bucket?.acquire(chunk.length) ?? 0) + this.shape.latencyMs;
      underWay += chunk.length;
      queue.push({ chunk, dueAt: performance.now() + waitMs });
      setTimeout(deliver, Math.ceil(waitMs));
      if (underWay >= MAX_BYTES_UNDER_WAY) from.pause();
    });
    from.on('end', () => {
      ended = true;
      deliver();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => setTimeout(() => to.destroy(), 2 * this.shape.latencyMs + 1000).unref());
  }

  takeTraffic(): Traffic {
    const traffic = { bytes: Math.max(0, this.bytes - WARM_UP_BYTES), spanS: (this.lastAt - this.firstAt) / 1000 };
    this.bytes = this.firstAt = this.lastAt = 0;
    return traffic;
  }

  private count(bytes: number, now: number): void {
    const before = this.bytes;
    this.bytes += bytes;
    if (before <= WARM_UP_BYTES) this.firstAt = now;
    this.lastAt = now;
  }
}

export class LinkProxy {
  private up: Direction;
  private down: Direction;

  private constructor(
    private readonly server: Server,
    shape: LinkShape,
  ) {
    this.up = new Direction(shape);
    this.down = new Direction(shape);
  }

  /** Listens on a free port of `host`. The same port of `target` is that of the server. */
  static async listen(host: string, target: string, shape: LinkShape): Promise<LinkProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const proxy = new LinkProxy(server, shape);
    server.on('connection', (client) => {
      const upstream = connect({ host: target, port: proxy.port, noDelay: true });
      proxy.up.join(client, upstream);
      proxy.down.join(upstream, client);
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Of new connections. */
  setShape(shape: LinkShape): void {
    this.up = new Direction(shape);
    this.down = new Direction(shape);
  }

  /** Since the shape was set. */
  takeTraffic(): { up: Traffic; down: Traffic } {
    return { up: this.up.takeTraffic(), down: this.down.takeTraffic() };
  }

  close(): void {
    this.server.close();
  }
}
