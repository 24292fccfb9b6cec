/** One TCP connection to a node: one request at a time, and the frames that answer it. */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { ConnectionError } from '../errors.js';
import { FrameReader, type FrameConsumer } from '../protocol/frame-reader.js';

const KEEP_ALIVE_MS = 30_000;

/** What lies between a connection and its bytes, if it is more than TCP. For one connection only. */
export interface Transport {
  /** Must honour `onread`. */
  connect(options: TcpNetConnectOpts): Socket;
  /** The socket's event that says it can be used. */
  readonly readyEvent: string;
  /** The sentence for an error of the socket, if it is one of this layer. */
  explain(error: Error, where: string): ConnectionError | undefined;
  /** What was agreed on, for the log. */
  description?(): string;
}

export class Connection {
  /** host:port, for messages. */
  readonly where: string;
  private readonly socket: Socket;
  private readonly reader: FrameReader;
  private paused = false;
  private error: Error | undefined;

  private constructor(
    host: string,
    port: number,
    private readonly transport: Transport | undefined,
  ) {
    this.where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const reader = new FrameReader(this.where);
    this.reader = reader;
    const options: TcpNetConnectOpts = {
      host,
      port,
      noDelay: true,
      // Finds out about a host that has vanished where no timeout is set.
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      onread: {
        buffer: () => reader.tail(),
        callback: (bytes: number) => {
          this.received(bytes);
          return true;
        },
      },
    };
    this.socket = transport === undefined ? connect(options) : transport.connect(options);
  }

  /**
   * Connects, or rejects with a ConnectionError after at most `timeoutMs` (0 = the system's own limit). Aborting
   * `signal` ends the attempt, and later the connection, with the signal's reason.
   */
  static open(
    host: string,
    port: number,
    timeoutMs: number,
    signal?: AbortSignal,
    transport?: Transport,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const connection = new Connection(host, port, transport);
      const { socket, where } = connection;
      const onAbort = (): void => {
        const reason: unknown = signal?.reason;
        const error = reason instanceof Error ? reason : new Error(String(reason));
        reject(error);
        connection.fail(error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      // Also ends the timer: of an attempt that was aborted, nothing may keep its thread alive.
      socket.once('close', () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      });
      const timer =
        timeoutMs > 0
          ? setTimeout(() => {
              socket.destroy();
              reject(new ConnectionError('NET_TIMEOUT', where, `No answer from ${where} within ${timeoutMs} ms.`));
            }, timeoutMs)
          : undefined;
      const refused = (error: Error): void => {
        clearTimeout(timer);
        const reason = (error as NodeJS.ErrnoException).code ?? error.message;
        const text = `Cannot connect to ${where}: ${reason}.`;
        reject(transport?.explain(error, where) ?? new ConnectionError('NET_CONNECT', where, text, error));
      };
      socket.once('error', refused);
      socket.once(transport?.readyEvent ?? 'connect', () => {
        clearTimeout(timer);
        socket.off('error', refused);
        connection.watch();
        resolve(connection);
      });
    });
  }

  /** False once the connection has failed or was closed; it must not be used again. */
  get usable(): boolean {
    return this.error === undefined;
  }

  /**
   * Sends one request and routes what comes back to `consumer` until `release`. `request` must stay unchanged until
   * the answer is there. `idleTimeoutMs`: no byte for so long = the connection fails with NET_TIMEOUT; 0 = no limit.
   */
  request(request: Buffer, consumer: FrameConsumer, idleTimeoutMs: number): void {
    if (this.error !== undefined) {
      consumer.fail(this.error);
      return;
    }
    if (this.reader.consumer !== undefined) throw new Error('a request is under way on this connection');
    this.reader.consumer = consumer;
    this.socket.setTimeout(idleTimeoutMs);
    this.socket.write(request);
  }

  /** Ends the exchange: the answer is complete. */
  release(): void {
    this.reader.consumer = undefined;
    this.socket.setTimeout(0);
  }

  /** Stops reading; the node will feel it once the socket buffers are full. */
  pause(): void {
    if (this.paused || this.error !== undefined) return;
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    // The timer may have run out meanwhile, and a node that died during the pause must still be noticed.
    if (this.reader.consumer !== undefined) this.socket.setTimeout(this.socket.timeout ?? 0);
    this.socket.resume();
  }

  close(): void {
    this.error ??= new ConnectionError('NET_CLOSED', this.where, `The connection to ${this.where} was closed.`);
    this.reader.consumer = undefined;
    this.socket.destroy();
  }

  /** Lets the process end although the connection is open (an idle pooled one). */
  unref(): void {
    this.socket.unref();
  }

  ref(): void {
    this.socket.ref();
  }

  private watch(): void {
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      const text = `The connection to ${this.where} broke: ${error.code ?? error.message}.`;
      const { transport, where } = this;
      this.fail(transport?.explain(error, where) ?? new ConnectionError('NET_CLOSED', where, text, error));
    });
    this.socket.on('close', () => {
      this.fail(new ConnectionError('NET_CLOSED', this.where, `${this.where} closed the connection.`));
    });
    this.socket.on('end', () => {
      this.fail(new ConnectionError('NET_CLOSED', this.where, `${this.where} closed the connection.`));
    });
    this.socket.on('timeout', () => {
      // Silence that we caused ourselves by not reading is not the node's.
      if (this.paused || this.reader.consumer === undefined) return;
      const text = `${this.where} sent nothing for ${this.socket.timeout ?? 0} ms.`;
      this.fail(new ConnectionError('NET_TIMEOUT', this.where, text));
    });
  }

  private fail(error: Error): void {
    if (this.error !== undefined) return;
    this.error = error;
    this.socket.destroy();
    const { consumer } = this.reader;
    this.reader.consumer = undefined;
    consumer?.fail(error);
  }

  private received(bytes: number): void {
    if (this.error !== undefined) return;
    try {
      this.reader.received(bytes);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
