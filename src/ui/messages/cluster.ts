/** Log lines about the connection to the cluster. */
import type { ClusterEvent } from '../../core/cluster-events.js';
import { logEvent, type LogEvent, warningEvent } from '../../core/log.js';

export function clusterLine(event: ClusterEvent): LogEvent {
  switch (event.type) {
    case 'cluster.tls':
      return logEvent('cluster.tls', `TLS connection to ${event.address}: ${event.protocol}, cipher ${event.cipher}`);
    case 'cluster.node-unreachable': {
      const { node, addresses, reason } = event;
      const text = `node ${node} at ${addresses.join(', ')} cannot be reached: ${reason}`;
      return warningEvent('cluster.node-unreachable', text, { node, addresses, reason });
    }
  }
}
