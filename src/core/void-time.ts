/** Void times: when a record expires. */

/** Seconds between the Unix epoch and the one void-times count from, 2010-01-01T00:00:00Z. */
export const VOID_TIME_EPOCH_S = 1_262_304_000;
