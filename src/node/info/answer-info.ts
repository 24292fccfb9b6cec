/**
 * Info commands (type 1): framing, dispatch, and what concerns the node and the cluster. Text is latin1 throughout, one
 * character per byte, so that set names and file names survive as they are. Spec: wire.md 2.
 */
import { FrameType } from '../../aerospike/protocol/constants.js';
import { PARTITIONS } from '../../core/partition.js';
import { InfoError, parseCommand, type InfoCommand, type InfoHandler, type InfoNode } from './command.js';
import { infoIndex } from './sindex.js';
import { infoNamespace } from './namespace.js';
import { infoUdf } from './udf.js';
import { buildFrame } from '../protocol/reply.js';
import type { ClusterState, PeerAddress } from '../cluster-state.js';

const DEFAULT_PORT = 3000;

const HANDLERS: readonly InfoHandler[] = [infoCluster, infoNamespace, infoIndex, infoUdf];

/** What would change a node. */
const CHANGING = new Set([
  'sindex-create',
  'sindex-delete',
  'udf-put',
  'udf-remove',
  'truncate',
  'truncate-namespace',
  'truncate-undo',
  'truncate-namespace-undo',
]);

/** What an empty request is answered with. */
const DEFAULT_ITEMS = ['node', 'build', 'edition', 'features', 'partition-generation', 'peers-generation', 'status'];

/** Answers a whole info frame. */
export function answerInfo(body: Buffer, node: InfoNode, overrides: ReadonlyMap<string, string> | undefined): Buffer {
  const text = body.toString('latin1');
  let commands: string[];
  if (text === '') commands = DEFAULT_ITEMS;
  else {
    commands = text.split('\n');
    // 2.1: what isn't ended by a newline isn't answered.
    commands.pop();
  }
  let out = '';
  for (const command of commands)
    out += `${command}\t${overridden(command, overrides) ?? answerCommand(command, node)}\n`;
  return buildFrame(FrameType.INFO, Buffer.from(out, 'latin1'));
}

function overridden(command: string, overrides: ReadonlyMap<string, string> | undefined): string | undefined {
  if (overrides === undefined) return undefined;
  for (const [prefix, answer] of overrides) if (command.startsWith(prefix)) return answer;
  return undefined;
}

function answerCommand(text: string, node: InfoNode): string {
  const command = parseCommand(text);
  if (node.state.isReadOnly && CHANGING.has(command.name)) return InfoError.READ_ONLY;
  for (const handler of HANDLERS) {
    const value = handler(command, node);
    if (value !== undefined) return value;
  }
  return InfoError.UNKNOWN;
}

function infoCluster({ name, params }: InfoCommand, node: InfoNode): string | undefined {
  const { state, address } = node;
  switch (name) {
    case 'node':
      return address.name;
    case 'build':
      return state.build.text;
    case 'edition':
      return 'Aerospike Community Edition';
    case 'version':
      return `Aerospike Community Edition build ${state.build.text}`;
    case 'compatibility-id':
      return '14';
    case 'status':
      return 'ok';
    case 'features':
      return features(state);
    case 'partition-generation':
      return String(state.map.generation);
    case 'peers-generation':
      return String(state.peersGeneration);
    case 'rebalance-generation':
      return '1';
    case 'partitions':
      return String(PARTITIONS);
    case 'cluster-name':
      return state.clusterName;
    case 'namespaces':
      return state.stores.map((store) => store.name).join(';');
    case 'services':
      return others(node)
        .map((peer) => hostPort(peer, 0))
        .join(';');
    case 'service':
      return hostPort(address, 0);
    case 'services-alternate':
      return '';
    case 'service-clear-std':
    case 'service-clear-alt':
    case 'service-tls-std':
    case 'service-tls-alt':
    case 'peers-clear-std':
    case 'peers-clear-alt':
    case 'peers-tls-std':
    case 'peers-tls-alt':
      return infoAddresses(name, node);
    case 'rack-ids':
    case 'racks':
      return InfoError.ENTERPRISE;
    case 'replicas':
      return replicas(node, Number(params.get('max') ?? Infinity));
    case 'user-agent-set':
      if (!state.build.isAtLeast(8, 1)) return undefined;
      return node.noteUserAgent() ? 'ok' : 'ERROR:4:user agent already set';
    default:
      return undefined;
  }
}

function features(state: ClusterState): string {
  const list = [
    'batch-index',
    'blob-bits',
    'cdt-index',
    'cdt-list',
    'cdt-map',
    'cluster-stable',
    'float',
    'geo',
    'peers',
    'pipelining',
    'pscans',
    'relaxed-sc',
    'replicas',
    'replicas-all',
    'replicas-master',
    'replicas-max',
    'truncate-namespace',
    'udf',
  ];
  if (state.build.isAtLeast(6)) list.push('batch-any', 'pquery', 'query-show', 'sindex-exists');
  return list.sort().join(';');
}

function others(node: InfoNode): PeerAddress[] {
  return node.state.peers.filter((peer) => peer !== node.address && peer.alive);
}

/** `host`, or `host:port` unless the port is the one that goes without saying. */
function hostPort({ host, port }: PeerAddress, impliedPort: number): string {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return port === impliedPort ? bracketed : `${bracketed}:${port}`;
}

/**
 * `service-*` and `peers-*`. A node has either clear or TLS addresses; TLS is an Enterprise feature, so that only a
 * node with TLS knows the `tls` ones. There are alternate addresses only if there are some that differ.
 */
function infoAddresses(name: string, node: InfoNode): string {
  const [what, kind, which] = name.split('-');
  const { address } = node;
  if (kind === 'tls' && address.tlsName === undefined) return InfoError.ENTERPRISE;
  const none = (kind === 'tls') !== (address.tlsName !== undefined);
  if (what === 'peers') return peers(node, none, which === 'alt');
  return none || (which === 'alt' && address.advertised?.alt === undefined)
    ? ''
    : hostPort(advertisedAs(address, which === 'alt'), 0);
}

function advertisedAs(address: PeerAddress, alternate: boolean): PeerAddress {
  const { std, alt } = address.advertised ?? {};
  return { ...address, host: (alternate ? alt : std) ?? address.host };
}

/** 2.3: `<generation>,<default port>,[[<node>,<tls-name>,[<addr>…]],…]`; the node itself isn't listed. */
function peers(node: InfoNode, none: boolean, alternate: boolean): string {
  const list = (none ? [] : others(node)).map(
    (peer) => `[${peer.name},${peer.tlsName ?? ''},[${hostPort(advertisedAs(peer, alternate), DEFAULT_PORT)}]]`,
  );
  return `${node.state.peersGeneration},${DEFAULT_PORT},[${list.join(',')}]`;
}

function replicas(node: InfoNode, max: number): string {
  const { state, index } = node;
  const bitmaps = state.map.describe(index, max);
  return state.stores.map((store) => `${store.name}:${bitmaps}`).join(';');
}
