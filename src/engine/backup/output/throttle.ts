import { BandwidthSink } from '../../../storage/decorators/throttle.js';
import { TokenBucket } from '../../../core/token-bucket.js';
import type { Sink } from '../../../storage/sink.js';
import type { Bandwidth } from '../worker-protocol.js';

/** Puts the shared bandwidth limit, if there is one, around a sink; until `signal` aborts. */
export function throttle(sink: Sink, bandwidth: Bandwidth | undefined, signal?: AbortSignal): Sink {
  if (bandwidth === undefined) return sink;
  return new BandwidthSink(sink, new TokenBucket(bandwidth.bytesPerSecond, bandwidth.state), signal);
}
