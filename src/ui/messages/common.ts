/** Events of all runs as lines of the log. */
import type { EngineEvent } from '../../core/events.js';
import { type LogEvent, logEvent, type LogLevel } from '../../core/log.js';
import { deserializeError, type SerializedError } from '../../core/errors.js';
import { errorText } from '../error-text.js';
import type { FrontEnd } from '../hints.js';
import { secondsText } from '../format-duration.js';
import { clusterLine } from './cluster.js';

/** A line and where it goes. */
export interface EventLine {
  level: LogLevel;
  line: LogEvent;
}

/** The line of an event; undefined = it has none, or is not one of all runs. */
export function formatCommonEvent(event: EngineEvent, frontEnd: FrontEnd): EventLine | undefined {
  switch (event.type) {
    case 'error':
      return { level: 'error', line: errorLine(event.error, frontEnd) };
    case 'cluster.connected':
      return { level: 'verbose', line: connectedLine(event.build, event.nodes, event.durationMs) };
    case 'cluster.tls':
    case 'cluster.node-unreachable':
      return { level: 'info', line: clusterLine(event) };
    case 'cluster.nodes':
      return { level: 'info', line: nodeCountLine(event.nodes) };
    case 'cluster.refresh': {
      const text = `Cannot read the partition map: ${event.reason}`;
      return { level: 'verbose', line: logEvent('cluster.refresh', text) };
    }
    case 'message':
      return { level: event.level, line: logEvent('message', event.text) };
    default:
      return undefined;
  }
}

function errorLine(error: SerializedError, frontEnd: FrontEnd): LogEvent {
  return logEvent('error', errorText(deserializeError(error), frontEnd), { code: error.code });
}

export function nodeCountLine(nodes: number): LogEvent {
  return logEvent('cluster.nodes', `Processing ${nodes} node(s)`, { nodes });
}

/** With --verbose, once the cluster is reached. */
export function connectedLine(build: string, nodes: readonly string[], ms: number): LogEvent {
  const text = `Connected in ${secondsText(ms)} to a cluster of ${nodes.length} node(s), server ${build}: ${nodes.join(', ')}`;
  return logEvent('cluster.connected', text, { build, nodes, durationMs: Math.round(ms) });
}
