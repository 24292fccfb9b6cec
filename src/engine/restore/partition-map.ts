/** Which node gets which record: the partition map of one namespace, as small numbers for the hot path. */
import type { Cluster } from '../../aerospike/cluster/cluster.js';
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { PARTITIONS } from '../../core/partition.js';

/** The slot of partitions that nobody is known to master. */
export const NO_MASTER = 0;

export class PartitionMap {
  /** By slot; slots keep their node for the life of the object. */
  readonly nodes: (ClusterNode | undefined)[] = [undefined];
  private readonly slots = new Map<string, Uint16Array>();

  constructor(private readonly cluster: Cluster) {}

  /** By partition: the slot of its master. Valid until `forget`. */
  of(namespace: string): Uint16Array {
    let slots = this.slots.get(namespace);
    if (slots === undefined) {
      slots = new Uint16Array(PARTITIONS);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const node = this.cluster.nodeFor(namespace, partition, 0);
        if (node === undefined) continue;
        let slot = this.nodes.indexOf(node);
        if (slot < 0) slot = this.nodes.push(node) - 1;
        slots[partition] = slot;
      }
      this.slots.set(namespace, slots);
    }
    return slots;
  }

  /** The cluster's map has changed. */
  forget(): void {
    this.slots.clear();
  }
}
