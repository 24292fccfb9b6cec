/** Faults that tests ask a node for. All are off until asked for, and `reset` turns them off again. */

/** Ends a connection once it has been sent so many bytes. */
export interface CutRule {
  afterBytes: number;
  /** Count only answers to messages, not to info commands (default true). */
  dataOnly?: boolean;
  /** Only the k-th connection (from 1, counted from now on) that sends such bytes; default: every one. */
  connection?: number;
  /** How many connections to cut in all; default: no limit. */
  times?: number;
}

/** Answers some of the rows of writes (or reads) with an error. */
export interface RowRule {
  /** Every n-th row, counted over all connections of the node. */
  every: number;
  result: number;
  /** The row is carried out all the same: the client can't know (default false). */
  applied?: boolean;
  /** Which rows count; default 'write'. */
  kind?: 'write' | 'read' | 'all';
  /** How many rows to fail in all; default: no limit. */
  times?: number;
}

export interface Faults {
  cut?: CutRule;
  row?: RowRule;
  /** Milliseconds that every answer to a message is held back. */
  delayMs?: number;
  /** Milliseconds that every answer to an info command is held back. */
  infoDelayMs?: number;
  /** Partitions for which scans get a marker with this result code instead of rows. */
  partitionResults?: ReadonlyMap<number, number>;
  /** Result code of the LAST message of scans; `afterRows`: how many rows come before. */
  scanEnd?: { result: number; afterRows: number; times?: number };
  /** Scans and queries are refused at once with this code. */
  scanStart?: { result: number; times?: number };
  /** The node falls silent on a connection after so many requests: it reads but never answers. */
  hangAfterFrames?: number;
  /** Milliseconds between the chunks that are read from a socket. */
  readPauseMs?: number;
  /** New connections are closed as soon as they are accepted. */
  refuseConnections?: boolean;
  /** Answers to info commands that start with the given text, in place of the true ones. */
  infoAnswers?: ReadonlyMap<string, string>;
}

/** What becomes of one row. */
export interface RowFault {
  result: number;
  applied: boolean;
}

export class FaultInjection {
  private faults: Faults = {};
  private rows = 0;
  private rowTimes = 0;
  private cutTimes = 0;
  private cutConnections = 0;
  private scanEndTimes = 0;
  private scanStartTimes = 0;

  /** Adds to the faults in force; rules given replace those of the same name, and counting starts anew. */
  set(faults: Faults): void {
    this.faults = { ...this.faults, ...faults };
    if (faults.row !== undefined) this.rows = this.rowTimes = 0;
    if (faults.cut !== undefined) this.cutTimes = this.cutConnections = 0;
    if (faults.scanEnd !== undefined) this.scanEndTimes = 0;
    if (faults.scanStart !== undefined) this.scanStartTimes = 0;
  }

  reset(): void {
    this.faults = {};
  }

  get faultsInForce(): Readonly<Faults> {
    return this.faults;
  }

  /** To be asked once per row; undefined: carry it out as usual. */
  nextRow(isWrite: boolean): RowFault | undefined {
    const rule = this.faults.row;
    if (rule === undefined) return undefined;
    const kind = rule.kind ?? 'write';
    if (kind !== 'all' && (kind === 'write') !== isWrite) return undefined;
    this.rows++;
    if (this.rows % rule.every !== 0 || this.rowTimes >= (rule.times ?? Infinity)) return undefined;
    this.rowTimes++;
    return { result: rule.result, applied: rule.applied ?? false };
  }

  /** The number under which a connection that starts to send counted bytes goes; Infinity without a rule. */
  countCutConnection(): number {
    return ++this.cutConnections;
  }

  /** How many bytes the connection with that number may still send after `sent`; undefined: no limit. */
  bytesLeft(connection: number, sent: number): number | undefined {
    const rule = this.faults.cut;
    if (rule === undefined || this.cutTimes >= (rule.times ?? Infinity)) return undefined;
    if (rule.connection !== undefined && rule.connection !== connection) return undefined;
    return Math.max(0, rule.afterBytes - sent);
  }

  countCut(): void {
    this.cutTimes++;
  }

  /** The rule for a scan that starts now, or undefined. */
  nextScanStart(): number | undefined {
    const rule = this.faults.scanStart;
    if (rule === undefined || this.scanStartTimes >= (rule.times ?? Infinity)) return undefined;
    this.scanStartTimes++;
    return rule.result;
  }

  nextScanEnd(): { result: number; afterRows: number } | undefined {
    const rule = this.faults.scanEnd;
    if (rule === undefined || this.scanEndTimes >= (rule.times ?? Infinity)) return undefined;
    this.scanEndTimes++;
    return rule;
  }
}
