/** The clocks of the nodes, as far as the info command `namespace` tells them: in whole seconds (wire.md 9.3). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode } from '../cluster/node.js';
import { infoPathCommand } from '../protocol/info-command.js';
import { parseClock } from './namespace.js';

/** By how many milliseconds the clock of a node is ahead of that of this machine: the truth lies between the two. */
export interface ClockDifference {
  minMs: number;
  maxMs: number;
}

/** Questions at different parts of a second narrow the range to about the pause between them. */
const SAMPLES = 6;
const PAUSE_MS = 150;

/**
 * Asks a node until it is certain whether the clocks differ by more than `limitMs`, but six times at most. Undefined =
 * it does not tell its time, or one of the clocks was set meanwhile. Throws ConnectionError, ProtocolError.
 */
export async function measureClock(
  node: ClusterNode,
  namespace: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<ClockDifference | undefined> {
  const command = infoPathCommand('namespace', namespace);
  let minMs = -Infinity;
  let maxMs = Infinity;
  for (let i = 0; i < SAMPLES; i++) {
    if (i > 0) await sleep(PAUSE_MS, undefined, { signal });
    const before = Date.now();
    const answer = await node.info(command);
    const after = Date.now();
    const second = parseClock(answer);
    if (second === undefined) return undefined;
    minMs = Math.max(minMs, second - after);
    maxMs = Math.min(maxMs, second + 1000 - before);
    const isWithin = minMs >= -limitMs && maxMs <= limitMs;
    const isBeyond = minMs > limitMs || maxMs < -limitMs;
    if (isWithin || isBeyond) break;
  }
  return minMs <= maxMs ? { minMs, maxMs } : undefined;
}
