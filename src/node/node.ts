/** One node: a listening socket, and what comes over it sorted by kind. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { FrameType, Info1, Info2, Info3, ResultCode } from '../aerospike/protocol/constants.js';
import { runBatch } from './commands/batch.js';
import { Connection } from './transport/connection.js';
import { Filter } from './filter/filter.js';
import type { Frame } from './transport/frame-assembler.js';
import { answerInfo } from './info/answer-info.js';
import { InfoError } from './info/command.js';
import type { QueryJob } from './commands/job-table.js';
import { Command } from './protocol/command.js';
import { FaultInjection, type Faults } from './fault-injection.js';
import { planQuery, type QueryPlan } from './commands/query-plan.js';
import { executeRead, type CommandTime } from './commands/read.js';
import { buildFrame, ErrorReply, ReplyWriter, buildBareMessage, appendErrorReply } from './protocol/reply.js';
import { runBackground, runScan, type ScanContext } from './commands/scan.js';
import { privilegeViolation, createRowGate, type SecurityGate, type SecuritySession } from './security.js';
import type { ClusterState, PeerAddress } from './cluster-state.js';
import { toTlsServerOptions, type NodeTlsConfig } from './transport/tls.js';
import { executeWrite } from './commands/write.js';

/** 5.2: servers before this send a marker for each finished partition. */
const SILENT_MARKERS_MAJOR = 6;
const FIRST_REPLY_BYTES = 4096;

/** What belongs to one connection beside its socket. */
interface Session {
  security: SecuritySession;
  userAgentKnown: boolean;
  cmd: Command;
}

export class InMemoryNode {
  /** Partitions that this node claims not to have, whatever the map says. */
  readonly unavailable = new Set<number>();
  /** What went wrong inside the server while it answered; tests expect it to stay empty. */
  readonly failures: unknown[] = [];
  private readonly faults = new FaultInjection();
  private server: Server | undefined;
  private readonly connections = new Set<Connection>();
  private readonly single = new ReplyWriter(FIRST_REPLY_BYTES);

  constructor(
    /** The node's number in the cluster, from 0. */
    readonly index: number,
    private readonly address: PeerAddress,
    private readonly state: ClusterState,
    private readonly gate: SecurityGate,
    private readonly tls?: NodeTlsConfig,
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
  injectFaults(faults: Faults): void {
    this.faults.set(faults);
  }

  /** Turns all faults off, unavailable partitions included. */
  clearFaults(): void {
    this.faults.reset();
    this.unavailable.clear();
  }

  /** Starts to listen, on the port it had before if there was one. */
  async listen(): Promise<void> {
    const accept = (socket: Socket): void => {
      this.accept(socket);
    };
    const server =
      this.tls === undefined ? createServer(accept) : createTlsServer(toTlsServerOptions(this.tls), accept);
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
    if (this.faults.faultsInForce.refuseConnections === true) {
      socket.destroy();
      return;
    }
    const session: Session = { security: this.gate.admit(this.index), userAgentKnown: false, cmd: new Command() };
    const connection = new Connection(
      socket,
      (received, from) => this.answerFrame(received, from, session),
      this.faults,
      (error) => this.failures.push(error),
    );
    this.connections.add(connection);
    socket.once('close', () => this.connections.delete(connection));
  }

  private answerFrame(received: Frame, connection: Connection, session: Session): Promise<void> | undefined {
    this.state.lastRequestMs = Date.now();
    switch (received.type) {
      case FrameType.INFO:
        return connection.send(this.answerInfo(received.body, session), false);
      case FrameType.SECURITY: {
        const reply = session.security.answer(received.body);
        if (reply !== undefined) return connection.send(reply, false);
        connection.close();
        return undefined;
      }
      case FrameType.COMPRESSED:
        // 1.1: Enterprise only, said in an ordinary message.
        return connection.send(buildBareMessage(ResultCode.ENTERPRISE_ONLY), true);
      default:
        return this.executeMessage(received.body, connection, session);
    }
  }

  private answerInfo(body: Buffer, session: Session): Buffer {
    if (session.security.refuses() !== ResultCode.OK) {
      return buildFrame(FrameType.INFO, Buffer.from(`${InfoError.NOT_AUTHENTICATED}\n`));
    }
    const noteUserAgent = (): boolean => {
      const first = !session.userAgentKnown;
      session.userAgentKnown = true;
      return first;
    };
    const node = { index: this.index, address: this.address, state: this.state, noteUserAgent };
    const violation = privilegeViolation(body, session.security);
    if (violation !== undefined) return buildFrame(FrameType.INFO, Buffer.from(violation));
    return answerInfo(body, node, this.faults.faultsInForce.infoAnswers);
  }

  private currentTime(): CommandTime {
    const { clock } = this.state;
    return { nowMs: clock.nowMs(), nowS: clock.nowS() };
  }

  private executeMessage(body: Buffer, connection: Connection, session: Session): Promise<void> | undefined {
    const { cmd } = session;
    const refused = session.security.refuses();
    if (refused !== ResultCode.OK) return connection.send(buildBareMessage(refused), true);
    if (!cmd.parseMessage(body)) return connection.send(buildBareMessage(ResultCode.PARAMETER), true);
    if ((cmd.info1 & Info1.BATCH) !== 0 && cmd.batchStart >= 0) {
      const faults = createRowGate(session.security, this.faults);
      return runBatch(this.state, cmd, this.currentTime(), faults, (bytes) => connection.send(bytes, true));
    }
    const violated = session.security.refuses((cmd.info2 & Info2.WRITE) === 0 ? 'read' : 'write');
    if (violated !== ResultCode.OK) return connection.send(buildBareMessage(violated), true);
    if (cmd.digestStart < 0) return this.executeQuery(cmd, connection);
    this.executeRecordCommand(cmd);
    return connection.send(this.single.takeBytes(), true);
  }

  /**
   * A command on one record; the answer is left in `single`. A node that isn't the master serves it too, as a proxy.
   */
  private executeRecordCommand(cmd: Command): void {
    const { state, single: out } = this;
    const store = cmd.nsStart < 0 ? undefined : state.storeAt(cmd.buf, cmd.nsStart, cmd.nsEnd);
    if (store === undefined) {
      appendErrorReply(out, 0, ResultCode.NAMESPACE);
      return;
    }
    const isWrite = (cmd.info2 & Info2.WRITE) !== 0;
    if (!isWrite && (cmd.info1 & Info1.READ) === 0) {
      appendErrorReply(out, 0, ResultCode.PARAMETER);
      return;
    }
    if (isWrite && cmd.isUdf) {
      appendErrorReply(out, 0, ResultCode.UNSUPPORTED);
      return;
    }
    const fault = this.faults.nextRow(isWrite);
    if (fault !== undefined && !fault.applied) {
      appendErrorReply(out, 0, fault.result);
      return;
    }
    let filter: Filter | undefined;
    try {
      if (cmd.filterStart >= 0) filter = Filter.compile(cmd.buf.subarray(cmd.filterStart, cmd.filterEnd));
    } catch (error) {
      if (error instanceof ErrorReply) {
        appendErrorReply(out, 0, error.result);
        return;
      }
      throw error;
    }
    if (isWrite) executeWrite(store, cmd, filter, this.currentTime(), out);
    else executeRead(store, cmd, filter, this.currentTime(), out);
    if (fault !== undefined) out.fail(fault.result);
  }

  /** 5.2: what is wrong from the start is answered with one plain message, without LAST. */
  private executeQuery(cmd: Command, connection: Connection): Promise<void> | undefined {
    const refused = this.faults.nextScanStart();
    if (refused !== undefined) return connection.send(buildBareMessage(refused), true);
    let plan: QueryPlan;
    try {
      plan = planQuery(this.state, cmd);
    } catch (error) {
      if (error instanceof ErrorReply) return connection.send(buildBareMessage(error.result), true);
      throw error;
    }
    const time = this.currentTime();
    const job = this.startJob(plan, connection, time);
    if (job === undefined) return connection.send(buildBareMessage(ResultCode.PARAMETER), true);
    const context: ScanContext = {
      plan,
      job,
      time,
      faultInjection: this.faults,
      checkPartition: (pid) => this.checkPartition(pid),
      marksDone: !this.state.build.isAtLeast(SILENT_MARKERS_MAJOR),
      isClosed: () => connection.closed,
      send: (bytes, done) => connection.send(bytes, true, done),
    };
    if (plan.background) return this.executeBackgroundQuery(context, cmd, connection);
    return runScan(context).then(
      (result) => this.state.jobs.finish(job, result, this.state.clock.nowMs()),
      (error: unknown) => {
        this.state.jobs.finish(job, ResultCode.SERVER_ERROR, this.state.clock.nowMs());
        throw error;
      },
    );
  }

  private startJob(plan: QueryPlan, connection: Connection, time: CommandTime): QueryJob | undefined {
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
      startedMs: time.nowMs,
      doneMs: undefined,
      result: 0,
      rows: 0,
      aborted: false,
    });
  }

  private checkPartition(pid: number): number {
    const served = !this.unavailable.has(pid) && this.state.map.ownsPartition(this.index, pid);
    return served ? ResultCode.OK : ResultCode.PARTITION_UNAVAILABLE;
  }

  /** 5.9: answered at once, carried out afterwards; each node changes the records it is master of. */
  private executeBackgroundQuery(
    context: ScanContext,
    cmd: Command,
    connection: Connection,
  ): Promise<void> | undefined {
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
    return connection.send(buildBareMessage(ResultCode.OK, Info3.LAST), true);
  }
}
