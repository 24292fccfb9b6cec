/** Which node holds which partition, as the nodes report it with the info command `replicas` (wire.md 2.3). */
import { PARTITIONS } from '../../core/partition.js';
import { ProtocolError } from '../errors.js';

const BITMAP_BYTES = PARTITIONS / 8;
const BITMAP_CHARS = Math.ceil(BITMAP_BYTES / 3) * 4;
/** A cluster has at most this many nodes, so a partition has no more replicas. */
const MAX_REPLICAS = 256;
/** A server has at most 32 namespaces. */
const MAX_NAMESPACES = 64;

export interface NamespaceReplicas {
  namespace: string;
  /** 0 for namespaces without strong consistency; the higher one is the newer view. */
  regime: number;
  /** Bitmap k: the partitions of which this node holds replica k (0 = master). */
  bitmaps: Buffer[];
}

/**
 * `<ns>:<regime>,<count>,<base64>[,<base64>…];<ns>:…`: the partitions of one node. Each bitmap has 512 bytes; partition
 * p is bit `0x80 >> (p & 7)` of byte `p >> 3`. Throws ProtocolError.
 */
export function parseReplicas(text: string): NamespaceReplicas[] {
  const entries = text.split(';').filter((entry) => entry !== '');
  if (entries.length > MAX_NAMESPACES) throw new ProtocolError(`A node lists ${entries.length} namespaces`);
  return entries.map((entry) => {
    const colon = entry.lastIndexOf(':');
    const [regime, count, ...bitmaps] = entry.slice(colon + 1).split(',', MAX_REPLICAS + 3);
    const wellFormed =
      colon > 0 &&
      bitmaps.length <= MAX_REPLICAS &&
      Number(count) === bitmaps.length &&
      bitmaps.every((bitmap) => bitmap.length === BITMAP_CHARS);
    const decoded = wellFormed ? bitmaps.map((bitmap) => Buffer.from(bitmap, 'base64')) : [];
    if (!wellFormed || decoded.some((bitmap) => bitmap.length !== BITMAP_BYTES)) {
      throw new ProtocolError(`Cannot read the partition map ${JSON.stringify(entry.slice(0, 80))}`);
    }
    return { namespace: entry.slice(0, colon), regime: Number(regime), bitmaps: decoded };
  });
}

interface NamespaceOwners<N> {
  regime: number;
  /** `replicas[k][partition]`: the node that holds replica k. */
  replicas: (N | undefined)[][];
  /** The nodes that have the namespace, whether they hold partitions of it or not. */
  nodes: Set<N>;
}

/** The owners of all partitions of all namespaces. `N` is the type of a node. */
export class PartitionTable<N> {
  private readonly namespaces = new Map<string, NamespaceOwners<N>>();

  /** Adds what a node has reported. The order of the calls decides between nodes that claim the same partition. */
  add(node: N, reported: readonly NamespaceReplicas[]): void {
    for (const { namespace, regime, bitmaps } of reported) {
      let owners = this.namespaces.get(namespace);
      if (owners === undefined) this.namespaces.set(namespace, (owners = { regime, replicas: [], nodes: new Set() }));
      // A partition that two nodes claim during a migration: the newer view wins.
      const newer = regime >= owners.regime;
      owners.regime = Math.max(regime, owners.regime);
      owners.nodes.add(node);
      for (const [k, bitmap] of bitmaps.entries()) {
        const holders = (owners.replicas[k] ??= new Array<N | undefined>(PARTITIONS).fill(undefined));
        // Byte by byte: a node that holds all partitions, or none, is common.
        for (let i = 0; i < BITMAP_BYTES; i++) {
          const bits = bitmap[i]!;
          if (bits === 0xff && newer) {
            holders.fill(node, i * 8, i * 8 + 8);
            continue;
          }
          for (let bit = 0; (bits << bit) & 0xff; bit++) {
            const p = i * 8 + bit;
            if ((bits & (0x80 >> bit)) !== 0 && (newer || holders[p] === undefined)) holders[p] = node;
          }
        }
      }
    }
  }

  hasNamespace(namespace: string): boolean {
    return this.namespaces.has(namespace);
  }

  /** The nodes that have the namespace, in the order of their discovery. */
  nodesWith(namespace: string): N[] {
    return [...(this.namespaces.get(namespace)?.nodes ?? [])];
  }

  /** By partition: the node that holds replica `replica` (0 = master), if it is known. May be empty. */
  holders(namespace: string, replica: number): readonly (N | undefined)[] {
    return this.namespaces.get(namespace)?.replicas[replica] ?? [];
  }

  /** The known nodes that hold a partition, the master first. */
  owners(namespace: string, partition: number): N[] {
    const holders: N[] = [];
    for (const replica of this.namespaces.get(namespace)?.replicas ?? []) {
      const node = replica[partition];
      if (node !== undefined) holders.push(node);
    }
    return holders;
  }
}
