/**
 * Copies of the short ranges that records are made of. HOT: runs for every name and value.
 *
 * Four bytes at a time through DataViews: 20 bytes take a third of what a loop over bytes takes, and a quarter of a
 * native copy, whose call into C++ costs the same whatever the length (scripts/benchmark/hot.js).
 */

/** From here on a native copy is faster. */
const NATIVE_BYTES = 96;
const WORD_BYTES = 4;
/** So many bytes behind the end of a range are read and written as well, and mean nothing. */
export const COPY_SLACK_BYTES = WORD_BYTES - 1;

/** A buffer of zeros that ranges can be copied from up to its end. */
export function allocWithSlack(bytes: number): Buffer {
  return Buffer.alloc(bytes + COPY_SLACK_BYTES).subarray(0, bytes);
}

/**
 * The view on a buffer that `copyRange` takes: with the slack behind it, if its memory has some. Without, a range that
 * ends within COPY_SLACK_BYTES of the end is a RangeError.
 */
export function dataView(buf: Uint8Array): DataView {
  const there = buf.buffer.byteLength - buf.byteOffset;
  return new DataView(buf.buffer, buf.byteOffset, Math.min(there, buf.byteLength + COPY_SLACK_BYTES));
}

/**
 * Copies `src[from, to)` to `out[at …]` and returns the end there. `srcView` is `viewOf(src)`, and `outView` all of
 * `out`, which needs COPY_SLACK_BYTES of room beyond. Source and target must not overlap.
 */
export function copyRange(
  src: Buffer,
  srcView: DataView,
  from: number,
  to: number,
  out: Buffer,
  outView: DataView,
  at: number,
): number {
  const end = at + to - from;
  if (to - from >= NATIVE_BYTES) src.copy(out, at, from, to);
  // In the machine's own order no byte is moved about. The views' lengths are not asked for: V8 makes a call of that.
  else for (; from < to; from += WORD_BYTES, at += WORD_BYTES) outView.setInt32(at, srcView.getInt32(from, true), true);
  return end;
}
