/** One node: a listening socket, and what comes over it sorted by kind. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { FrameType, Info1, Info2, Info3, ResultCode } from '../aerospike/protocol/constants.js';
import { runBatch } from './batch.js';
import { Connection } from './connection.js';
import { Filter } from './filter.js';
import type { Frame } from './frames.js';
import { answerInfo, InfoError } from './info.js';
import type { Job } from './jobs.js';
import { Command } from './message.js';
import { Misbehaviour, type Faults } from './fault-injection.js';
import { planQuery, type QueryPlan } from './query-plan.js';
import { executeRead, type Moment } from './read.js';
import { frame, Refusal, ReplyWriter, bareMessage, errorReply } from './reply.js';
import { runBackground, runScan, type ScanContext } from './scan.js';
import { privilegeViolation, rowGate, type SecurityGate, type SecuritySession } from './security.js';
import type { ClusterState, PeerAddress } from './state.js';
import { serverOptions, type EmbeddedTls } from './tls.js';
import { executeWrite } from './write.js';

/** 5.2: servers before this send a marker for each finished partition. */
const SILENT_MARKERS_MAJOR = 6;
const FIRST_REPLY_BYTES = 4096;

/** What belongs to one connection beside its socket. */
interface Session {
  security: SecuritySession;
  userAgentKnown: boolean;
  cmd: Command;
}

export class EmbeddedNode {
  /** Partitions that this node claims not to have, whatever the map says. */
  readonly unavailable = new Set<number>();
  /** What went wrong inside the server while it answered; tests expect it to stay empty. */
  readonly failures: unknown[] = [];
  private readonly faults = new Misbehaviour();
  private server: Server | undefined;
  private readonly connections = new Set<Connection>();
  private readonly single = new ReplyWriter(FIRST_REPLY_BYTES);

  constructor(
    /** The node's number in the cluster, from 0. */
    readonly index: number,
    private readonly address: PeerAddress,
    private readonly state: ClusterState,
    private readonly gate: SecurityGate,
    private readonly tls?: EmbeddedTls,
  ) {}

  get name(): string {
    return this.address.name;
  }

  get host(): string {
    return this.address.host;
  }

  get port(): number {
    return this.address.port;
  }

  get openConnections(): number {
    return this.connections.size;
  }

  /** Turns faults on; those not named stay as they are. */
  misbehave(faults: Faults): void {
    this.faults.set(faults);
  }

  /** Turns all faults off, unavailable partitions included. */
  behave(): void {
    this.faults.reset();
    this.unavailable.clear();
  }

  /** Starts to listen, on the port it had before if there was one. */
  async listen(): Promise<void> {
    const accept = (socket: Socket): void => {
      this.accept(socket);
    };
    const server = this.tls === undefined ? createServer(accept) : createTlsServer(serverOptions(this.tls), accept);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.address.port, this.address.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) this.address.port = bound.port;
    this.server = server;
  }

  /** Closes the listening socket and cuts all connections. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const connection of this.connections) connection.close();
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Cuts all connections; new ones are welcome. */
  dropConnections(): void {
    for (const connection of this.connections) connection.close();
  }

  private accept(socket: Socket): void {
    if (this.faults.current.refuseConnections === true) {
      socket.destroy();
      return;
    }
    const session: Session = { security: this.gate.admit(this.index), userAgentKnown: false, cmd: new Command() };
    const connection = new Connection(
      socket,
      (received, from) => this.answer(received, from, session),
      this.faults,
      (error) => this.failures.push(error),
    );
    this.connections.add(connection);
    socket.once('close', () => this.connections.delete(connection));
  }

  private answer(received: Frame, connection: Connection, session: Session): Promise<void> | undefined {
    this.state.lastRequestMs = Date.now();
    switch (received.type) {
      case FrameType.INFO:
        return connection.send(this.info(received.body, session), false);
      case FrameType.SECURITY: {
        const reply = session.security.answer(received.body);
        if (reply !== undefined) return connection.send(reply, false);
        connection.close();
        return undefined;
      }
      case FrameType.COMPRESSED:
        // 1.1: Enterprise only, said in an ordinary message.
        return connection.send(bareMessage(ResultCode.ENTERPRISE_ONLY), true);
      default:
        return this.message(received.body, connection, session);
    }
  }

  private info(body: Buffer, session: Session): Buffer {
    if (session.security.refuses() !== ResultCode.OK) {
      return frame(FrameType.INFO, Buffer.from(`${InfoError.NOT_AUTHENTICATED}\n`));
    }
    const noteUserAgent = (): boolean => {
      const first = !session.userAgentKnown;
      session.userAgentKnown = true;
      return first;
    };
    const node = { index: this.index, address: this.address, state: this.state, noteUserAgent };
    const violation = privilegeViolation(body, session.security);
    if (violation !== undefined) return frame(FrameType.INFO, Buffer.from(violation));
    return answerInfo(body, node, this.faults.current.infoAnswers);
  }

  private moment(): Moment {
    const { clock } = this.state;
    return { nowMs: clock.nowMs(), nowS: clock.nowS() };
  }

  private message(body: Buffer, connection: Connection, session: Session): Promise<void> | undefined {
    const { cmd } = session;
    const refused = session.security.refuses();
    if (refused !== ResultCode.OK) return connection.send(bareMessage(refused), true);
    if (!cmd.parseMessage(body)) return connection.send(bareMessage(ResultCode.PARAMETER), true);
    if ((cmd.info1 & Info1.BATCH) !== 0 && cmd.batchStart >= 0) {
      const faults = rowGate(session.security, this.faults);
      return runBatch(this.state, cmd, this.moment(), faults, (bytes) => connection.send(bytes, true));
    }
    const violated = session.security.refuses((cmd.info2 & Info2.WRITE) === 0 ? 'read' : 'write');
    if (violated !== ResultCode.OK) return connection.send(bareMessage(violated), true);
    if (cmd.digestStart < 0) return this.query(cmd, connection);
    this.record(cmd);
    return connection.send(this.single.take(), true);
  }

  /** A command on one record; the answer is left in `single`. A node that isn't the master serves it too, as a proxy. */
  private record(cmd: Command): void {
    const { state, single: out } = this;
    const store = cmd.nsStart < 0 ? undefined : state.storeAt(cmd.buf, cmd.nsStart, cmd.nsEnd);
    if (store === undefined) {
      errorReply(out, 0, ResultCode.NAMESPACE);
      return;
    }
    const isWrite = (cmd.info2 & Info2.WRITE) !== 0;
    if (!isWrite && (cmd.info1 & Info1.READ) === 0) {
      errorReply(out, 0, ResultCode.PARAMETER);
      return;
    }
    if (isWrite && cmd.isUdf) {
      errorReply(out, 0, ResultCode.UNSUPPORTED);
      return;
    }
    const fault = this.faults.nextRow(isWrite);
    if (fault !== undefined && !fault.applied) {
      errorReply(out, 0, fault.result);
      return;
    }
    let filter: Filter | undefined;
    try {
      if (cmd.filterStart >= 0) filter = Filter.compile(cmd.buf.subarray(cmd.filterStart, cmd.filterEnd));
    } catch (error) {
      if (error instanceof Refusal) {
        errorReply(out, 0, error.result);
        return;
      }
      throw error;
    }
    if (isWrite) executeWrite(store, cmd, filter, this.moment(), out);
    else executeRead(store, cmd, filter, this.moment(), out);
    if (fault !== undefined) out.fail(fault.result);
  }

  /** 5.2: what is wrong from the start is answered with one plain message, without LAST. */
  private query(cmd: Command, connection: Connection): Promise<void> | undefined {
    const refused = this.faults.takeScanStart();
    if (refused !== undefined) return connection.send(bareMessage(refused), true);
    let plan: QueryPlan;
    try {
      plan = planQuery(this.state, cmd);
    } catch (error) {
      if (error instanceof Refusal) return connection.send(bareMessage(error.result), true);
      throw error;
    }
    const moment = this.moment();
    const job = this.startJob(plan, connection, moment);
    if (job === undefined) return connection.send(bareMessage(ResultCode.PARAMETER), true);
    const context: ScanContext = {
      plan,
      job,
      moment,
      misbehaviour: this.faults,
      refusalOf: (pid) => this.refusalOf(pid),
      marksDone: !this.state.build.atLeast(SILENT_MARKERS_MAJOR),
      isClosed: () => connection.closed,
      send: (bytes, done) => connection.send(bytes, true, done),
    };
    if (plan.background) return this.background(context, cmd, connection);
    return runScan(context).then(
      (result) => this.state.jobs.finish(job, result, this.state.clock.nowMs()),
      (error: unknown) => {
        this.state.jobs.finish(job, ResultCode.SERVER_ERROR, this.state.clock.nowMs());
        throw error;
      },
    );
  }

  private startJob(plan: QueryPlan, connection: Connection, moment: Moment): Job | undefined {
    return this.state.jobs.start({
      node: this.index,
      trid: plan.trid,
      namespace: plan.store.name,
      set: plan.setName ?? '',
      sindex: plan.index?.name ?? '',
      pids: plan.pids,
      digests: plan.digests,
      rps: plan.rowsPerSecond,
      from: connection.from,
      type: plan.background ? 'background' : 'basic',
      startedMs: moment.nowMs,
      doneMs: undefined,
      result: 0,
      rows: 0,
      aborted: false,
    });
  }

  private refusalOf(pid: number): number {
    const served = !this.unavailable.has(pid) && this.state.map.holds(this.index, pid);
    return served ? ResultCode.OK : ResultCode.PARTITION_UNAVAILABLE;
  }

  /** 5.9: answered at once, carried out afterwards; each node changes the records it is master of. */
  private background(context: ScanContext, cmd: Command, connection: Connection): Promise<void> | undefined {
    const { plan, job } = context;
    plan.tasks = plan.tasks.filter(({ pid }) => this.state.map.isMaster(this.index, pid));
    const own = new Command();
    own.parseMessage(Buffer.from(cmd.buf));
    runBackground(context, own).then(
      () => this.state.jobs.finish(job, ResultCode.OK, this.state.clock.nowMs()),
      (error: unknown) => {
        this.state.jobs.finish(job, ResultCode.SERVER_ERROR, this.state.clock.nowMs());
        this.failures.push(error);
      },
    );
    return connection.send(bareMessage(ResultCode.OK, Info3.LAST), true);
  }
}
