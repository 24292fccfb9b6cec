/** The state of a scan's partitions, as plain bytes. */
import { DIGEST_BYTES, PARTITIONS } from '../../core/partition.js';

// src/asb/wasm/backup.ts has the same values.
export const PartitionState = { NOT_REQUESTED: 0, FROM_START: 1, AFTER_DIGEST: 2, DONE: 3 } as const;
export const RequestState = { NONE: 0, OPEN: 1, FINISHED: 2 } as const;

/** All of them are indexed by partition, but for the list. May lie in the memory of a WebAssembly module. */
export interface ScanTables {
  /** One of PartitionState. */
  readonly states: Uint8Array;
  /** One of RequestState: what the node that is being read was asked for. */
  readonly requests: Uint8Array;
  /** The digest of the last handled record, DIGEST_BYTES each; with COPY_SLACK_BYTES behind them. */
  readonly digests: Buffer;
  /** 1 = the cursor of the partition has moved since it was saved. */
  readonly moved: Uint8Array;
  /** The partitions that have moved, in the order in which they did. */
  readonly movedList: Uint16Array;
  /** One number: the length of that list. */
  readonly movedCount: Uint32Array;
}

export function allocateScanTables(): ScanTables {
  return {
    states: new Uint8Array(PARTITIONS),
    requests: new Uint8Array(PARTITIONS),
    digests: Buffer.alloc(PARTITIONS * DIGEST_BYTES),
    moved: new Uint8Array(PARTITIONS),
    movedList: new Uint16Array(PARTITIONS),
    movedCount: new Uint32Array(1),
  };
}
