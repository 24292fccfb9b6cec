/** Info commands about secondary indexes. Spec: wire.md 9.1. */
import type { ServerBuild } from '../server-build.js';
import { InfoError, namespaceParam, type InfoCommand, type InfoNode } from './command.js';
import { List, MsgpackError, decode, type Value } from '../protocol/msgpack.js';
import { Bytes } from '../protocol/msgpack.js';
import { Particle } from '../../core/particle.js';
import { isSameDefinition, type CollectionType, type Sindex, type SindexType } from '../data/sindex-table.js';
import type { ClusterState } from '../cluster-state.js';

const MAX_NAME_BYTES = 63;
const MAX_CONTEXT_CHARACTERS = 2048;
const MAX_INDEXES = 256;

const BLOBS_MAJOR = 7;
const TYPES: readonly SindexType[] = ['numeric', 'string', 'blob', 'geo2dsphere'];
const COLLECTION_KEYWORDS: readonly CollectionType[] = ['default', 'list', 'mapkeys', 'mapvalues'];

export function infoIndex(command: InfoCommand, node: InfoNode): string | undefined {
  const { name, rest, params } = command;
  const { state } = node;
  switch (name) {
    case 'sindex-list':
      return list(namespaceParam(params), params.get('b64') === 'true', state);
    case 'sindex': {
      const slash = rest.indexOf('/');
      if (slash < 0) return list(namespaceParam(params) ?? (rest === '' ? undefined : rest), false, state);
      return status(rest.slice(0, slash), rest.slice(slash + 1), state);
    }
    case 'sindex-stat':
      return status(namespaceParam(params) ?? '', params.get('indexname') ?? '', state);
    case 'sindex-exists':
      return String(state.sindexes.find(namespaceParam(params) ?? '', params.get('indexname') ?? '') !== undefined);
    case 'sindex-create':
      return create(params, state);
    case 'sindex-delete':
      return remove(params, state);
    default:
      return undefined;
  }
}

function list(namespace: string | undefined, base64: boolean, state: ClusterState): string {
  if (namespace !== undefined && state.store(namespace) === undefined) return InfoError.NAMESPACE;
  const stores = state.stores.filter((store) => namespace === undefined || store.name === namespace);
  return stores
    .flatMap((store) => state.sindexes.in(store.name))
    .map((index) => describe(index, base64, state.build))
    .join(';');
}

/** Spellings changed over the versions. */
function describe(index: Sindex, base64: boolean, build: ServerBuild): string {
  const nothing = build.isAtLeast(8) ? 'null' : 'NULL';
  const set = index.set ?? nothing;
  if (!build.isAtLeast(6)) {
    const type = index.type === 'numeric' ? 'NUMERIC' : index.type === 'string' ? 'STRING' : index.type.toUpperCase();
    const collection = index.collection === 'default' ? 'NONE' : index.collection.toUpperCase();
    return (
      `ns=${index.namespace}:set=${set}:indexname=${index.name}:num_bins=1:bins=${index.bin}:type=${type}` +
      `:indextype=${collection}:path=${index.bin}:sync_state=synced:state=RW`
    );
  }
  let out =
    `ns=${index.namespace}:indexname=${index.name}:set=${set}:bin=${index.bin === '' ? nothing : index.bin}` +
    `:type=${index.type}:indextype=${index.collection}`;
  if (build.isAtLeast(6, 1)) {
    const { context } = index;
    out += `:context=${context === undefined ? nothing : base64 ? context : contextText(context)}`;
  }
  if (build.isAtLeast(8, 1)) out += `:exp=${index.expression ?? nothing}`;
  return `${out}:state=RW`;
}

const STEP_NAMES: Readonly<Record<number, string>> = {
  0x10: 'list_index',
  0x11: 'list_rank',
  0x13: 'list_value',
  0x20: 'map_index',
  0x21: 'map_rank',
  0x22: 'map_key',
  0x23: 'map_value',
};

/** A context as text, such as `[map_key(<string#1>)]`. */
function contextText(context: string): string {
  const steps: string[] = [];
  const { items } = decodeContext(context) ?? new List([]);
  for (let i = 0; i + 1 < items.length; i += 2) {
    steps.push(`${STEP_NAMES[Number(items[i])] ?? 'unknown'}(${valueText(items[i + 1]!)})`);
  }
  return `[${steps.join(', ')}]`;
}

function valueText(value: Value): string {
  if (typeof value === 'bigint' || typeof value === 'boolean') return value.toString();
  if (!(value instanceof Bytes)) return 'null';
  return `<${value.type === Particle.STRING ? 'string' : 'blob'}#${value.bytes.length}>`;
}

function decodeContext(context: string): List | undefined {
  try {
    const decoded = decode(Buffer.from(context, 'base64'));
    return decoded instanceof List && decoded.items.length > 0 && decoded.items.length % 2 === 0 ? decoded : undefined;
  } catch (error) {
    if (error instanceof MsgpackError) return undefined;
    throw error;
  }
}

function status(namespace: string, name: string, state: ClusterState): string {
  const store = state.store(namespace);
  if (store === undefined) return InfoError.NAMESPACE;
  const index = state.sindexes.find(namespace, name);
  if (index === undefined) return 'ERROR:201:no index';
  const entries = index.set === undefined ? store.objects : (store.sets.byName.get(index.set)?.objects ?? 0);
  return (
    `entries=${entries};used_bytes=16777216;entries_per_bval=1;entries_per_rec=1;` +
    'load_pct=100;load_time=0;stat_gc_recs=0'
  );
}

function create(params: ReadonlyMap<string, string>, state: ClusterState): string {
  const namespace = namespaceParam(params);
  if (namespace === undefined || state.store(namespace) === undefined) return InfoError.NAMESPACE;
  const name = params.get('indexname') ?? '';
  if (name === '' || name.length > MAX_NAME_BYTES) return "ERROR:4:bad 'indexname'";
  // Older clients send `indexdata=<bin>,<type>`.
  const [dataBin, dataType] = (params.get('indexdata') ?? '').split(',');
  const keyword = (params.get('type') ?? dataType ?? '').toLowerCase();
  const collectionKeyword = (params.get('indextype') ?? 'default').toLowerCase();
  const isSetIndex = collectionKeyword === 'set' && state.build.isAtLeast(8, 1, 2);
  const type = isSetIndex
    ? 'none'
    : TYPES.find((one) => one === keyword && (one !== 'blob' || state.build.isAtLeast(BLOBS_MAJOR)));
  if (type === undefined) {
    return "ERROR:4:bad 'type' - must be one of 'numeric', 'string', 'blob', 'geo2dsphere'";
  }
  const collection = isSetIndex ? 'set' : COLLECTION_KEYWORDS.find((one) => one === collectionKeyword);
  if (collection === undefined) return "ERROR:4:bad 'indextype'";
  if (collection === 'mapkeys' && type === 'geo2dsphere') return "ERROR:4:bad 'type' for 'mapkeys'";
  const expression = params.get('exp');
  const bin = params.get('bin') ?? dataBin ?? '';
  if (bin === '' && expression === undefined && !isSetIndex) return "ERROR:4:missing 'bin'";
  const context = params.get('context');
  if (context !== undefined && (context.length >= MAX_CONTEXT_CHARACTERS || decodeContext(context) === undefined)) {
    return "ERROR:4:bad 'context'";
  }
  const set = params.get('set');
  const index: Sindex = {
    namespace,
    name,
    set: set === '' ? undefined : set,
    bin,
    type,
    collection,
    context,
    expression,
  };
  const existing = state.sindexes.find(namespace, name);
  if (existing !== undefined) {
    if (isSameDefinition(existing, index)) return 'ok';
    return "ERROR:200:'indexname' already exists with different definition";
  }
  if (state.sindexes.in(namespace).length >= MAX_INDEXES) return 'ERROR:206:too many indexes';
  state.sindexes.add(index);
  return 'ok';
}

/** `ok` also if there is no such index. */
function remove(params: ReadonlyMap<string, string>, state: ClusterState): string {
  const namespace = namespaceParam(params) ?? '';
  if (state.store(namespace) === undefined) return InfoError.NAMESPACE;
  state.sindexes.remove(namespace, params.get('indexname') ?? '');
  return 'ok';
}
