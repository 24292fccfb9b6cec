/** Which node holds which partition, and how nodes tell (wire.md 2.3 `replicas`). All namespaces share one map. */
import { PARTITIONS } from '../core/partition.js';

const NOBODY = -1;

export class PartitionMap {
  /** Counts changes; nodes report it as `partition-generation`. */
  generation = 0;
  /** `owners[replica * PARTITIONS + partition]` is a node's number or NOBODY. */
  private readonly owners: Int32Array;

  constructor(readonly replicationFactor: number) {
    this.owners = new Int32Array(replicationFactor * PARTITIONS).fill(NOBODY);
  }

  /** Deals the partitions out evenly to the nodes given. */
  distribute(nodes: readonly number[]): void {
    for (let replica = 0; replica < this.replicationFactor; replica++) {
      for (let pid = 0; pid < PARTITIONS; pid++) {
        const exists = replica < nodes.length;
        this.owners[replica * PARTITIONS + pid] = exists ? nodes[(pid + replica) % nodes.length]! : NOBODY;
      }
    }
    this.generation++;
  }

  /** Makes `node` the master of these partitions; the old master takes the place that `node` had, if any. */
  move(partitions: Iterable<number>, node: number): void {
    for (const pid of partitions) {
      const old = this.owner(pid, 0);
      for (let replica = 1; replica < this.replicationFactor; replica++) {
        if (this.owner(pid, replica) === node) this.owners[replica * PARTITIONS + pid] = old;
      }
      this.owners[pid] = node;
    }
    this.generation++;
  }

  owner(pid: number, replica: number): number {
    return this.owners[replica * PARTITIONS + pid] ?? NOBODY;
  }

  /** Whether the node holds a copy, as master or as replica. */
  ownsPartition(node: number, pid: number): boolean {
    for (let replica = 0; replica < this.replicationFactor; replica++) {
      if (this.owner(pid, replica) === node) return true;
    }
    return false;
  }

  isMaster(node: number, pid: number): boolean {
    return this.owner(pid, 0) === node;
  }

  /** `<regime>,<count>,<bitmap>…` of one node: bit `80 >> (pid & 7)` of byte `pid >> 3`. */
  describe(node: number, maxReplicas: number): string {
    const count = Math.min(this.replicationFactor, maxReplicas);
    const parts = ['0', String(count)];
    for (let replica = 0; replica < count; replica++) {
      const bitmap = Buffer.alloc(PARTITIONS / 8);
      for (let pid = 0; pid < PARTITIONS; pid++) {
        if (this.owner(pid, replica) === node) bitmap[pid >> 3]! |= 0x80 >> (pid & 7);
      }
      parts.push(bitmap.toString('base64'));
    }
    return parts.join(',');
  }
}
