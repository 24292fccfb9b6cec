/** Secondary indexes through info commands (wire.md 9.1). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import type { Sindex } from '../../core/sindex.js';
import { InfoError, ProtocolError } from '../errors.js';
import { checkInfoValue, parsePairs } from '../protocol/info.js';
import { buildAtLeast } from '../cluster/peers.js';
import { ResultCode } from '../protocol/constants.js';

const INDEX_TYPES: Readonly<Record<string, Sindex['indexType']>> = {
  default: 'N',
  none: 'N',
  list: 'L',
  mapkeys: 'K',
  mapvalues: 'V',
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
const DATA_TYPE_NAMES = { N: 'NUMERIC', S: 'STRING', G: 'GEO2DSPHERE', B: 'BLOB', E: '' } as const;

/** All indexes of a namespace. `unsupported` names those no backup file can hold (8.1.2 lists set indexes too). */
export async function listSindexes(
  cluster: Cluster,
  namespace: string,
): Promise<{ sindexes: Sindex[]; unsupported: string[] }> {
  const command = `sindex-list:ns=${namespace};b64=true`;
  const value = await cluster.info(command);
  checkInfoValue(command, value);
  const sindexes: Sindex[] = [];
  const unsupported: string[] = [];
  for (const entry of value.split(/;(?=ns=)/)) {
    if (entry === '' || entry === ';') continue;
    const parsed = parseSindex(entry.endsWith(';') ? entry.slice(0, -1) : entry);
    if (typeof parsed === 'string') unsupported.push(parsed);
    else sindexes.push(parsed);
  }
  return { sindexes, unsupported };
}

/** One entry of `sindex-list`; keys in any order, of any server since 4.9. Returns the name if it is a set index. */
export function parseSindex(entry: string): Sindex | string {
  // Values are not escaped: a value ends where the next known key begins, so that a set name may hold a colon.
  const keys = /(?:^|:)(ns|indexname|set|bins?|num_bins|type|indextype|path|context|exp|sync_state|state)=/g;
  const found = [...entry.matchAll(keys)];
  const values = new Map<string, string>();
  found.forEach((match, i) => {
    const key = match[1]!;
    if (!values.has(key)) values.set(key, entry.slice(match.index + match[0].length, found[i + 1]?.index));
  });
  const name = values.get('indexname');
  const namespace = values.get('ns');
  const indexTypeText = (values.get('indextype') ?? 'default').toLowerCase();
  if (name === undefined || namespace === undefined) throw new ProtocolError(`Cannot read the index "${entry}".`);
  if (indexTypeText === 'set') return name;
  const indexType = INDEX_TYPES[indexTypeText];
  const dataType = DATA_TYPES[(values.get('type') ?? '').toLowerCase()];
  const expression = noneToEmpty(values.get('exp'));
  const bin = values.get('bin') ?? values.get('bins') ?? '';
  if (indexType === undefined || dataType === undefined || (values.get('num_bins') ?? '1') !== '1') {
    throw new ProtocolError(`The server lists an index of a kind this program does not know: "${entry}".`);
  }
  return {
    namespace,
    set: noneToEmpty(values.get('set')),
    name,
    indexType,
    bin,
    dataType,
    context: noneToEmpty(values.get('context')),
    expression,
  };
}

/** Creates an index; an equal one that exists is fine. Throws InfoError. */
export async function createSindex(cluster: Cluster, index: Sindex): Promise<void> {
  const modern = buildAtLeast(cluster.build, 8, 1);
  const parts = [`${modern ? 'namespace' : 'ns'}=${index.namespace}`];
  if (index.set !== '') parts.push(`set=${index.set}`);
  parts.push(`indexname=${index.name}`);
  if (index.context !== '') parts.push(`context=${index.context}`);
  if (index.indexType !== 'N') parts.push(`indextype=${INDEX_TYPE_NAMES[index.indexType]}`);
  const type = DATA_TYPE_NAMES[index.dataType];
  // An index on a whole set (servers from 8.1.2) has neither a bin nor a type.
  if (index.indexType === 'S') return sendCommand(cluster, `sindex-create:${parts.join(';')}`);
  if (index.expression !== '') parts.push(`exp=${index.expression}`, `type=${type}`);
  else if (modern) parts.push(`bin=${index.bin}`, `type=${type}`);
  else parts.push(`indexdata=${index.bin},${type}`);
  await sendCommand(cluster, `sindex-create:${parts.join(';')}`);
}

/** Drops an index; one that does not exist is fine. Throws InfoError. */
export async function dropSindex(cluster: Cluster, namespace: string, name: string): Promise<void> {
  const key = buildAtLeast(cluster.build, 8, 1) ? 'namespace' : 'ns';
  try {
    await sendCommand(cluster, `sindex-delete:${key}=${namespace};indexname=${name}`);
  } catch (error) {
    if (!(error instanceof InfoError) || error.resultCode !== ResultCode.INDEX_NOT_FOUND) throw error;
  }
}

/** How much of the index is built on the node that has built least, 0–100. */
export async function sindexLoadPercent(cluster: Cluster, namespace: string, name: string): Promise<number> {
  const command = buildAtLeast(cluster.build, 8, 1)
    ? `sindex-stat:namespace=${namespace};indexname=${name}`
    : `sindex/${namespace}/${name}`;
  let least = 100;
  for (const { value } of await cluster.infoAll(command)) {
    try {
      checkInfoValue(command, value);
    } catch (error) {
      // A node that has not heard of the index yet.
      const code = error instanceof InfoError ? error.resultCode : 0;
      if (code !== ResultCode.INDEX_NOT_FOUND && code !== ResultCode.INDEX_NOT_READABLE) throw error;
      least = 0;
      continue;
    }
    least = Math.min(least, Number(parsePairs(value, ';').get('load_pct') ?? 100));
  }
  return least;
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

async function sendCommand(cluster: Cluster, command: string): Promise<void> {
  const value = await cluster.info(command);
  checkInfoValue(command, value);
  if (value.toLowerCase() !== 'ok') throw new InfoError(1, command, value);
}

function noneToEmpty(value: string | undefined): string {
  return value === undefined || value.toLowerCase() === 'null' ? '' : value;
}
