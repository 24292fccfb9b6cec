/**
 * Checks each row of a scan against the request. A node that sends other rows, by a fault or on purpose, would
 * otherwise put records twice or of another namespace into a backup, or keep it running for ever.
 *
 * HOT PATH: `check` runs once per record and allocates nothing.
 */
import { DIGEST_BYTES, PARTITIONS, partitionId } from '../../core/partition.js';
import { ProtocolError } from '../errors.js';
import type { RowView } from '../protocol/row-view.js';
import type { ScanSelection } from '../protocol/scan-request.js';
import type { PartitionTracker } from './partition-tracker.js';
import { RequestState } from './scan-tables.js';

export class RowCheck {
  /** Those of the tracker's tables. */
  private readonly requests: Uint8Array;
  readonly namespace: Buffer;
  /** Empty = any set. */
  private readonly sets: readonly Buffer[];
  /** The set of the last row: most rows have the same one. */
  private lastSet: Buffer | undefined;

  constructor(
    { namespace, set, sets }: Pick<ScanSelection, 'namespace' | 'set' | 'sets'>,
    private readonly tracker: PartitionTracker,
    /** host:port, for messages. */
    private readonly where: string,
  ) {
    this.requests = tracker.tables.requests;
    this.namespace = Buffer.from(namespace);
    this.sets = (set === '' ? (sets ?? []) : [set]).map((name) => Buffer.from(name));
    this.lastSet = this.sets[0];
  }

  /** The set that the next row has most likely; undefined = any is allowed. */
  get expectedSet(): Buffer | undefined {
    return this.lastSet;
  }

  /** Allows the rows of these partitions and of no other. */
  expect(partitions: readonly number[]): void {
    this.requests.fill(RequestState.NONE);
    for (const partition of partitions) this.requests[partition] = RequestState.OPEN;
  }

  /** The node has reported the end of a partition: no more rows of it are allowed. Throws ProtocolError. */
  finish(partition: number): void {
    if (partition >= PARTITIONS || this.requests[partition] === RequestState.NONE) {
      throw new ProtocolError(`${this.where} reported the end of partition ${partition}, which was not requested`);
    }
    this.requests[partition] = RequestState.FINISHED;
  }

  /** Throws ProtocolError for a row that was not requested. */
  check(row: RowView): void {
    const { buf, digestStart, namespaceStart, namespaceEnd } = row;
    if (this.requests[partitionId(buf, digestStart)] !== RequestState.OPEN) {
      const partition = partitionId(buf, digestStart);
      throw new ProtocolError(`${this.where} sent a record of partition ${partition}, which was not requested`);
    }
    if (!this.tracker.accepts(buf, digestStart)) {
      const digest = buf.toString('base64', digestStart, digestStart + DIGEST_BYTES);
      throw new ProtocolError(`${this.where} sent the record with digest ${digest} twice or out of order`);
    }
    if (!equalsRange(this.namespace, buf, namespaceStart, namespaceEnd)) {
      throw new ProtocolError(`${this.where} sent a record of another namespace`);
    }
    if (this.lastSet !== undefined && !equalsRange(this.lastSet, buf, row.setStart, row.setEnd))
      this.setCheckedSet(row);
  }

  private setCheckedSet({ buf, setStart, setEnd }: RowView): void {
    this.lastSet = this.sets.find((set) => equalsRange(set, buf, setStart, setEnd));
    if (this.lastSet !== undefined) return;
    throw new ProtocolError(`${this.where} sent a record of a set that was not requested`);
  }
}

function equalsRange(expected: Buffer, buf: Buffer, start: number, end: number): boolean {
  const { length } = expected;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) if (expected[i] !== buf[start + i]) return false;
  return true;
}
