/** One TCP connection to a node: one request at a time, and the frames that answer it. */
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { followAbort } from '../../core/abort.js';
import { formatEndpoint } from '../endpoint.js';
import { ConnectionError } from '../errors.js';
import { FrameReader, type FrameConsumer } from '../protocol/frame-reader.js';

const KEEP_ALIVE_MS = 30_000;

/** A layer over TCP, such as TLS. For one connection only. */
export interface Transport {
  /** Must honor `onread`. */
  connect(options: TcpNetConnectOpts): Socket;
  /** The event of the socket after which it can be used. */
  readonly readyEvent: string;
  /** The error to report for an error of the socket, if this layer is the cause. */
  explain(error: Error, where: string): ConnectionError | undefined;
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
    this.where = formatEndpoint(host, port);
    const reader = new FrameReader(this.where);
    this.reader = reader;
    const options: TcpNetConnectOpts = {
      host,
      port,
      noDelay: true,
      // Detects a host that has vanished where no timeout is set.
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
      const stopFollowing = followAbort(signal, () => {
        const reason: unknown = signal?.reason;
        const error = reason instanceof Error ? reason : new Error(String(reason));
        reject(error);
        connection.fail(error);
      });
      // Also ends the timer, which would keep the thread of an aborted attempt alive.
      socket.once('close', () => {
        clearTimeout(timer);
        stopFollowing();
      });
      const timer =
        timeoutMs > 0
          ? setTimeout(() => {
              socket.destroy();
              reject(new ConnectionError('NET_TIMEOUT', where, `No answer from ${where} within ${timeoutMs} ms`));
            }, timeoutMs)
          : undefined;
      const refused = (error: Error): void => {
        clearTimeout(timer);
        const reason = (error as NodeJS.ErrnoException).code ?? error.message;
        const text = `Cannot connect to ${where}: ${reason}`;
        reject(transport?.explain(error, where) ?? new ConnectionError('NET_CONNECT', where, text, { cause: error }));
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
   * Sends one request and passes the answer to `consumer` until `release`. `request` must stay unchanged until the
   * answer is complete. `idleTimeoutMs`: without a byte for so long the connection fails with NET_TIMEOUT; 0 = no
   * limit. A short answer can have a limit for all of it with `expire`.
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

  /** Whether bytes of a request are still to be sent, from the memory that they were given in. */
  get sending(): boolean {
    return this.socket.writableLength > 0;
  }

  /** Ends the exchange: the answer is complete. */
  release(): void {
    this.reader.consumer = undefined;
    this.socket.setTimeout(0);
  }

  /** Something has arrived that no answer has consumed. */
  get hasUnread(): boolean {
    return this.reader.hasUnread;
  }

  /** Fails the exchange and the connection, for an answer that is not complete after `limitMs`. */
  expire(limitMs: number): void {
    const text = `${this.where} did not complete its answer within ${limitMs} ms`;
    this.fail(new ConnectionError('NET_TIMEOUT', this.where, text));
  }

  /** Stops reading; the node has to wait as soon as the socket buffers are full. */
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
    this.error ??= new ConnectionError('NET_CLOSED', this.where, `The connection to ${this.where} was closed`);
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
      const text = `The connection to ${this.where} broke: ${error.code ?? error.message}`;
      const { transport, where } = this;
      this.fail(transport?.explain(error, where) ?? new ConnectionError('NET_CLOSED', where, text, { cause: error }));
    });
    this.socket.on('close', () => {
      this.fail(new ConnectionError('NET_CLOSED', this.where, `${this.where} closed the connection`));
    });
    this.socket.on('end', () => {
      this.fail(new ConnectionError('NET_CLOSED', this.where, `${this.where} closed the connection`));
    });
    this.socket.on('timeout', () => {
      // While reading is paused, silence says nothing about the node.
      if (this.paused || this.reader.consumer === undefined) return;
      const text = `${this.where} sent nothing for ${this.socket.timeout ?? 0} ms`;
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
