/** How far a run has come with a chunk: where its partitions stand when the chunk is written (partition-tracker.ts). */
export interface ProgressDelta {
  cursors: Uint8Array<ArrayBuffer>;
  records: number;
}

/** The same for several chunks, in their order. */
export function mergeDeltas(deltas: readonly ProgressDelta[]): ProgressDelta {
  const cursors = new Uint8Array(Buffer.concat(deltas.map((delta) => delta.cursors)));
  return { cursors, records: deltas.reduce((sum, delta) => sum + delta.records, 0) };
}
