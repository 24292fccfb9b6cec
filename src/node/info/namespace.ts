/** Info commands about namespaces, sets, configuration, truncation. Spec: wire.md 9.3, 9.4. */
import { PARTITIONS } from '../../core/partition.js';
import { VOID_TIME_EPOCH_S } from '../../core/void-time.js';
import { InfoError, namespaceParam, type InfoCommand, type InfoNode } from './command.js';
import type { SetInfo } from '../data/set-table.js';
import type { NamespaceStore } from '../data/namespace-store.js';

const NS_PER_MS = 1_000_000n;

export function infoNamespace(command: InfoCommand, node: InfoNode): string | undefined {
  const { name, rest, params } = command;
  switch (name) {
    case 'namespace': {
      const store = node.state.store(rest);
      return store === undefined ? 'type=unknown' : join(namespaceStats(store, node), ';');
    }
    case 'sets':
      return sets(rest, node);
    case 'get-config':
      return config(params, node);
    case 'statistics':
      return join({ cluster_size: node.state.peers.filter((peer) => peer.alive).length, client_connections: 1 }, ';');
    case 'truncate':
      return truncate(params, node, false);
    case 'truncate-namespace':
      return truncate(params, node, true);
    case 'truncate-undo':
    case 'truncate-namespace-undo':
      return 'ok';
    default:
      return undefined;
  }
}

function join(values: Record<string, string | number | boolean>, separator: string): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(separator);
}

/** Objects on this node: of partitions it is master of, and of all it holds. */
function countObjects(store: NamespaceStore, node: InfoNode): { master: number; all: number } {
  const { map } = node.state;
  let master = 0;
  let all = 0;
  for (let pid = 0; pid < PARTITIONS; pid++) {
    const records = store.countRecords(pid);
    if (records === 0) continue;
    if (map.isMaster(node.index, pid)) master += records;
    if (map.ownsPartition(node.index, pid)) all += records;
  }
  return { master, all };
}

function namespaceStats(store: NamespaceStore, node: InfoNode): Record<string, string | number | boolean> {
  const { master, all } = countObjects(store, node);
  const alive = node.state.peers.filter((peer) => peer.alive).length;
  const { clock } = node.state;
  return {
    ns_cluster_size: alive,
    effective_replication_factor: Math.min(alive, node.state.map.replicationFactor),
    objects: all,
    tombstones: 0,
    xdr_tombstones: 0,
    master_objects: master,
    master_tombstones: 0,
    prole_objects: all - master,
    prole_tombstones: 0,
    non_replica_objects: 0,
    non_replica_tombstones: 0,
    unreplicated_records: 0,
    dead_partitions: 0,
    unavailable_partitions: 0,
    clock_skew_stop_writes: false,
    stop_writes: false,
    hwm_breached: false,
    current_time: clock.nowS(),
    expired_objects: store.expiredObjects,
    evicted_objects: 0,
    truncate_lut: truncateLut(store.truncateLutMs),
    truncating: false,
    data_used_bytes: store.dataBytes,
    data_used_pct: 0,
    data_avail_pct: 99,
    'default-ttl': store.options.defaultTtlS,
    'nsup-period': store.options.nsupPeriodS,
    'max-record-size': store.options.maxRecordSizeBytes,
    'replication-factor': node.state.map.replicationFactor,
    'storage-engine': 'memory',
  };
}

/** Truncation times are reported in milliseconds of the void-time epoch. */
function truncateLut(unixMs: number): number {
  return unixMs === 0 ? 0 : unixMs - VOID_TIME_EPOCH_S * 1000;
}

function setObjects(store: NamespaceStore, set: SetInfo, node: InfoNode): number {
  if (node.state.peers.length === 1) return set.objects;
  let count = 0;
  store.partitions.forEach((partition, pid) => {
    if (!node.state.map.ownsPartition(node.index, pid)) return;
    for (const record of partition.records) if (record.set === set) count++;
  });
  return count;
}

/** `sets`, `sets/<ns>` and `sets/<ns>/<set>`; the last one answers without `ns` and `set`. */
function sets(rest: string, node: InfoNode): string {
  const slash = rest.indexOf('/');
  const namespace = slash < 0 ? rest : rest.slice(0, slash);
  const wanted = slash < 0 || slash === rest.length - 1 ? undefined : rest.slice(slash + 1);
  const stores = namespace === '' ? node.state.stores : node.state.stores.filter((store) => store.name === namespace);
  if (stores.length === 0) return InfoError.NAMESPACE;
  let out = '';
  for (const store of stores) {
    for (const set of store.sets.byName.values()) {
      if (wanted !== undefined && set.name !== wanted) continue;
      const head = wanted === undefined ? `ns=${store.name}:set=${set.name}:` : '';
      out += `${head}${join(setStats(store, set, node), ':')};`;
    }
  }
  return out;
}

function setStats(store: NamespaceStore, set: SetInfo, node: InfoNode): Record<string, string | number | boolean> {
  return {
    objects: setObjects(store, set, node),
    tombstones: 0,
    data_used_bytes: set.dataBytes,
    truncate_lut: truncateLut(set.truncateLutMs),
    sindexes: node.state.sindexes.in(store.name).filter((index) => index.set === set.name).length,
    index_populating: false,
    truncating: false,
    'default-read-touch-ttl-pct': 0,
    'default-ttl': 0,
    'disable-eviction': false,
    'enable-index': false,
    'stop-writes-count': 0,
    'stop-writes-size': 0,
  };
}

function config(params: ReadonlyMap<string, string>, node: InfoNode): string {
  switch (params.get('context')) {
    case 'namespace': {
      const store = node.state.store(namespaceParam(params) ?? '');
      if (store === undefined) return InfoError.NAMESPACE;
      return join(
        {
          'allow-ttl-without-nsup': false,
          'default-ttl': store.options.defaultTtlS,
          'max-record-size': store.options.maxRecordSizeBytes,
          'nsup-period': store.options.nsupPeriodS,
          'replication-factor': node.state.map.replicationFactor,
          'single-query-threads': 4,
          'strong-consistency': false,
        },
        ';',
      );
    }
    case 'service':
    case undefined:
      return join(
        {
          'batch-index-threads': 2,
          'batch-max-buffers-per-queue': 255,
          // 8.5: no limit from 8.0 on.
          'batch-max-requests': node.state.build.isAtLeast(8) ? 0 : 5000,
          'cluster-name': node.state.clusterName,
          'node-id': node.address.name,
          'proto-fd-idle-ms': 0,
          'proto-fd-max': 10_000,
          'query-max-done': 100,
          'query-threads-limit': 128,
          'service-threads': 2,
        },
        ';',
      );
    default:
      return "ERROR:4:bad 'context'";
  }
}

/** 9.4: `ok` also for what doesn't exist. */
function truncate(params: ReadonlyMap<string, string>, node: InfoNode, whole: boolean): string {
  const set = params.get('set');
  if (!whole && (set === undefined || set === '')) return "ERROR:4:missing 'set' value";
  const nowMs = node.state.clock.nowMs();
  const lut = params.get('lut');
  // By default everything written up to now goes. A time given spares what was last updated in its millisecond.
  let lutMs = nowMs;
  if (lut !== undefined) {
    if (!/^\d+$/.test(lut)) return "ERROR:4:bad 'lut'";
    lutMs = Number(BigInt(lut) / NS_PER_MS) - 1;
    if (lutMs > nowMs) return 'ERROR:4:would truncate in the future';
  }
  node.state.store(namespaceParam(params) ?? '')?.truncate(whole ? undefined : set, lutMs);
  return 'ok';
}
