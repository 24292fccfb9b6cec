/** Secondary indexes through info commands (wire.md 9.1). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sindex } from '../../core/sindex.js';
import type { Cluster } from '../cluster/cluster.js';
import { ClusterError, InfoError } from '../errors.js';
import { FEATURES } from '../features.js';
import { ResultCode } from '../protocol/constants.js';
import { infoCommand, type InfoCommand, type InfoParameters, infoPathCommand } from '../protocol/info-command.js';
import { parsePairs, throwIfRefused } from '../protocol/info.js';

const INDEX_TYPES: Readonly<Record<string, Sindex['indexType']>> = {
  default: 'N',
  none: 'N',
  list: 'L',
  mapkeys: 'K',
  mapvalues: 'V',
  set: 'S',
};
const DATA_TYPES: Readonly<Record<string, Sindex['dataType']>> = {
  numeric: 'N',
  integer: 'N',
  'int signed': 'N',
  string: 'S',
  text: 'S',
  geo2dsphere: 'G',
  geojson: 'G',
  blob: 'B',
};
const INDEX_TYPE_NAMES = { N: 'DEFAULT', L: 'LIST', K: 'MAPKEYS', V: 'MAPVALUES', S: 'SET' } as const;
const DATA_TYPE_NAMES = { N: 'NUMERIC', S: 'STRING', G: 'GEO2DSPHERE', B: 'BLOB' } as const;

/** An index of the listing that cannot be represented. */
export interface SkippedSindex {
  /** '' = not even the name could be read. */
  name: string;
  /** The end of a sentence: "is of a kind …". */
  reason: string;
}

/** The indexes of a namespace. What cannot be represented is reported apart: it blocks neither backup nor restore. */
export async function listSindexes(
  cluster: Cluster,
  namespace: string,
): Promise<{ sindexes: Sindex[]; skipped: SkippedSindex[] }> {
  const command = infoCommand('sindex-list', { ns: namespace, b64: 'true' });
  const value = await cluster.info(command, namespace);
  throwIfRefused(command, value);
  const sindexes: Sindex[] = [];
  const skipped: SkippedSindex[] = [];
  for (const entry of value.split(/;(?=ns=)/)) {
    if (entry === '' || entry === ';') continue;
    const parsed = parseSindex(entry.endsWith(';') ? entry.slice(0, -1) : entry, namespace);
    if ('reason' in parsed) skipped.push(parsed);
    else sindexes.push(parsed);
  }
  return { sindexes, skipped };
}

/**
 * One entry of `sindex-list` about `namespace`:
 * `ns=…:indexname=…:set=…:bin=…:type=…:indextype=…:context=…:exp=…:state=…`, keys in any order, of any server since
 * 4.9.
 */
export function parseSindex(entry: string, namespace: string): Sindex | SkippedSindex {
  // Values are not escaped: a value ends where the next known key begins, so that a set name may hold a colon.
  const keys = /(?:^|:)(ns|indexname|set|bins?|num_bins|type|indextype|path|context|exp|sync_state|state)=/g;
  const found = [...entry.matchAll(keys)];
  const values = new Map<string, string>();
  found.forEach((match, i) => {
    const key = match[1]!;
    if (!values.has(key)) values.set(key, entry.slice(match.index + match[0].length, found[i + 1]?.index));
  });
  const name = values.get('indexname') ?? '';
  const shown = JSON.stringify(entry.slice(0, 200));
  if (name === '') return { name, reason: `cannot be read from the server's listing ${shown}` };
  if (values.get('ns') !== namespace) return { name, reason: `belongs to another namespace, as ${shown} shows` };
  const indexType = INDEX_TYPES[(values.get('indextype') ?? 'default').toLowerCase()];
  const set = nullToEmpty(values.get('set'));
  if (indexType === 'S') {
    return { namespace, set, name, indexType, bin: '', dataType: 'E', context: '', expression: '' };
  }
  const dataType = DATA_TYPES[(values.get('type') ?? '').toLowerCase()];
  if (indexType === undefined || dataType === undefined || (values.get('num_bins') ?? '1') !== '1') {
    return { name, reason: `is of a kind that this program does not know: ${shown}` };
  }
  return {
    namespace,
    set,
    name,
    indexType,
    bin: values.get('bin') ?? values.get('bins') ?? '',
    dataType,
    context: nullToEmpty(values.get('context')),
    expression: nullToEmpty(values.get('exp')),
  };
}

/**
 * Creates an index; an equal one that exists is fine. Throws InfoError, InfoValueError for values that must not be
 * sent, ClusterError CLUSTER_VERSION for a kind of index that the server does not have.
 */
export async function createSindex(cluster: Cluster, index: Sindex): Promise<void> {
  const command = sindexCreateCommand(cluster, index);
  await sendCommand(cluster, command, index.namespace);
}

function sindexCreateCommand(cluster: Cluster, index: Sindex): InfoCommand {
  const { set, name, indexType, bin, dataType, context, expression } = index;
  const target = {
    ...namespaceParameter(cluster, index.namespace),
    ...(set === '' ? {} : { set }),
    indexname: name,
  };
  if (indexType === 'S' || dataType === 'E') {
    if (!cluster.supports('setIndex')) {
      const text = `A set index requires server ${FEATURES.setIndex} or newer; this cluster runs ${cluster.serverVersion}`;
      throw new ClusterError('CLUSTER_VERSION', text);
    }
    return infoCommand('sindex-create', { ...target, indextype: INDEX_TYPE_NAMES.S });
  }
  const type = DATA_TYPE_NAMES[dataType];
  const indexed = {
    ...target,
    ...(context === '' ? {} : { context }),
    ...(indexType === 'N' ? {} : { indextype: INDEX_TYPE_NAMES[indexType] }),
  };
  if (expression !== '') return infoCommand('sindex-create', { ...indexed, exp: expression, type });
  return cluster.supports('sindexNamespaceKey')
    ? infoCommand('sindex-create', { ...indexed, bin, type })
    : infoCommand('sindex-create', { ...indexed, indexdata: `${bin},${type}` });
}

/** Drops an index; one that does not exist is fine. Throws InfoError, InfoValueError. */
export async function dropSindex(cluster: Cluster, namespace: string, name: string): Promise<void> {
  const parameters = { ...namespaceParameter(cluster, namespace), indexname: name };
  try {
    await sendCommand(cluster, infoCommand('sindex-delete', parameters), namespace);
  } catch (error) {
    if (!(error instanceof InfoError) || error.resultCode !== ResultCode.INDEX_NOT_FOUND) throw error;
  }
}

/** How much of the index is built on the node that has built least, 0–100. */
export async function sindexLoadPercent(cluster: Cluster, namespace: string, name: string): Promise<number> {
  const command = cluster.supports('sindexNamespaceKey')
    ? infoCommand('sindex-stat', { namespace, indexname: name })
    : infoPathCommand('sindex', namespace, name);
  let lowest = 100;
  for (const { value } of await cluster.infoAll(command, cluster.nodesWithNamespace(namespace))) {
    try {
      throwIfRefused(command, value);
    } catch (error) {
      // A node that does not know the index yet.
      const code = error instanceof InfoError ? error.resultCode : 0;
      if (code !== ResultCode.INDEX_NOT_FOUND && code !== ResultCode.INDEX_NOT_READABLE) throw error;
      lowest = 0;
      continue;
    }
    lowest = Math.min(lowest, Number(parsePairs(value, ';').get('load_pct') ?? 100));
  }
  return lowest;
}

const POLL_MS = 500;

/** Waits until every node has built the index, for as long as it takes. */
export async function waitForSindex(
  cluster: Cluster,
  namespace: string,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  while ((await sindexLoadPercent(cluster, namespace, name)) < 100) {
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function namespaceParameter(cluster: Cluster, namespace: string): InfoParameters {
  return cluster.supports('sindexNamespaceKey') ? { namespace } : { ns: namespace };
}

async function sendCommand(cluster: Cluster, command: InfoCommand, namespace: string): Promise<void> {
  const value = await cluster.info(command, namespace);
  throwIfRefused(command, value);
  if (value.toLowerCase() !== 'ok') throw new InfoError(1, command, value);
}

/** How servers print "none". */
function nullToEmpty(value: string | undefined): string {
  return value === undefined || value.toLowerCase() === 'null' ? '' : value;
}
