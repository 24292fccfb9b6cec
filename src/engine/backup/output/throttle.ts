import { ThrottledSink } from '../../../storage/decorators/throttle.js';
import { TokenBucket } from '../../../core/token-bucket.js';
import type { ByteSink } from '../../../core/byte-stream.js';
import type { Bandwidth } from '../worker-protocol.js';

/** Puts the shared bandwidth limit, if there is one, around a sink; until `signal` aborts. */
export function throttle(sink: ByteSink, bandwidth: Bandwidth | undefined, signal?: AbortSignal): ByteSink {
  if (bandwidth === undefined) return sink;
  return new ThrottledSink(sink, new TokenBucket(bandwidth.bytesPerSecond, bandwidth.state), signal);
}
