/** What happens on the way to the nodes of a cluster, for logs. */
export type ClusterEvent =
  /** The first TLS connection to a node, if the options ask for it. */
  | { readonly type: 'cluster.tls'; readonly address: string; readonly protocol: string; readonly cipher: string }
  /** A node that the others list could not be reached; the run goes on without it as far as that is possible. */
  | {
      readonly type: 'cluster.node-unreachable';
      readonly node: string;
      readonly addresses: readonly string[];
      readonly reason: string;
    };

export type ClusterEventListener = (event: ClusterEvent) => void;
