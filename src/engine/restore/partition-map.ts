/** Which node gets which record: the partition map of one namespace, as small numbers for the hot path. */
import type { ClusterNode } from '../../aerospike/cluster/node.js';
import { PARTITIONS } from '../../core/partition.js';

/** What this needs of a Cluster. */
export interface PartitionOwners {
  readonly nodes: readonly ClusterNode[];
  nodeFor(namespace: string, partition: number, replica: number): ClusterNode | undefined;
}

export class PartitionMap {
  /** By slot; slots keep their node for the life of the object. Slot 0: partitions for which no node is known. */
  readonly nodes: (ClusterNode | undefined)[] = [undefined];
  private readonly slots = new Map<string, Uint16Array>();

  constructor(private readonly cluster: PartitionOwners) {}

  /**
   * By partition: the slot of its master, else of another replica's node. Where neither is known, any node: with only
   * some nodes reachable, those pass a write on to the master. Valid until `invalidate`.
   */
  getSlots(namespace: string): Uint16Array {
    let slots = this.slots.get(namespace);
    if (slots === undefined) {
      slots = new Uint16Array(PARTITIONS);
      const { nodes } = this.cluster;
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const node =
          this.cluster.nodeFor(namespace, partition, 0) ??
          this.cluster.nodeFor(namespace, partition, 1) ??
          nodes[partition % nodes.length];
        if (node !== undefined) slots[partition] = this.getSlot(node);
      }
      this.slots.set(namespace, slots);
    }
    return slots;
  }

  /** The cluster's map has changed. */
  invalidate(): void {
    this.slots.clear();
  }

  private getSlot(node: ClusterNode): number {
    const slot = this.nodes.indexOf(node);
    return slot < 0 ? this.nodes.push(node) - 1 : slot;
  }
}
