import { isReference } from '../../../config/secrets/secret-uri.js';
import { parsePartitions } from '../../../config/values/partitions.js';
import { parseValue } from '../../../config/values/parse-value.js';
import { errorMessage } from '../../../core/errors.js';
import { parseDuration } from '../../schedule/duration.js';
import { checkCron } from '../../schedule/cron.js';
import { checkTimeZone } from '../../schedule/time-zone.js';
import { resolvePolicy } from '../defaults.js';
import { findEntity } from '../find-entity.js';
import { joinPath } from '../json-schema.js';
import type { BackupPolicy } from '../schema/backup-policy.js';
import type { BackupRoutine } from '../schema/backup-routine.js';
import type { ServiceDocument } from '../schema/service-document.js';
import type { Storage } from '../schema/storage.js';
import { checkEntityName, checkName, isGiven, joinWords } from './common-rules.js';
import { checkUpkeep } from './upkeep-rules.js';

const MIB = 1024 * 1024;
const DEFAULT_PART_BYTES = 50 * MIB;
/** Of an object. */
const MAX_PARTS = 10_000;
const MAX_NAMESPACE_BYTES = 31;
const SELECTORS = ['partition-list', 'node-list', 'rack-list', 'prefer-racks'] as const;

/** What the schema of a routine cannot say. */
export function checkRoutine(routine: BackupRoutine, document: ServiceDocument, where: string): string[] {
  const place = (key: string): string => joinPath(where, key);
  const policy = findEntity(document['backup-policies'], routine['backup-policy'] ?? '');
  return [
    ...checkEntityName(routine['source-cluster'], 'aerospike-clusters', document, place('source-cluster')),
    ...checkEntityName(routine.storage, 'storage', document, place('storage')),
    ...checkEntityName(routine['backup-policy'], 'backup-policies', document, place('backup-policy')),
    ...checkEntityName(routine['secret-agent'], 'secret-agents', document, place('secret-agent')),
    ...checkSchedule(routine, document, where),
    ...checkObjective(routine.rpo, place('rpo')),
    ...checkUpkeep(routine, document, where),
    ...routine.namespaces.flatMap((name, i) => checkNamespace(name, `${place('namespaces')}[${i}]`)),
    ...checkSelection(routine, document, where),
    ...checkKeySecret(routine, policy, where),
    ...checkParallel(routine, policy, document, where),
    ...checkParts(findEntity(document.storage, routine.storage), policy, place('storage')),
  ];
}

function checkSchedule(routine: BackupRoutine, document: ServiceDocument, where: string): string[] {
  const own = routine['schedule-timezone'] ?? '';
  const zone = own === '' ? document.service?.backup?.['schedule-timezone'] : own;
  const zoneProblem = own === '' ? undefined : checkTimeZone(own);
  if (zoneProblem !== undefined) return [`${joinPath(where, 'schedule-timezone')}: ${zoneProblem}`];
  // A wrong zone of the service is reported there.
  const usable = zone === undefined || checkTimeZone(zone) !== undefined ? undefined : zone;
  return (['interval-cron', 'incr-interval-cron'] as const).flatMap((key) => {
    const cron = routine[key] ?? '';
    const problem = cron === '' ? undefined : checkCron(cron, usable);
    return problem === undefined ? [] : [`${joinPath(where, key)}: ${problem}`];
  });
}

function checkObjective(rpo: string | undefined, where: string): string[] {
  if (rpo === undefined || parseDuration(rpo) !== undefined) return [];
  return [`${where}: expected a duration of at least a minute as 90m, 2h or 1d12h, got ${JSON.stringify(rpo)}`];
}

function checkNamespace(name: string, where: string): string[] {
  const problem = checkName(name);
  if (problem !== undefined) return [`${where}: ${problem}`];
  const bytes = Buffer.byteLength(name);
  return bytes > MAX_NAMESPACE_BYTES ? [`${where}: must have at most ${MAX_NAMESPACE_BYTES} bytes`] : [];
}

function checkSelection(routine: BackupRoutine, document: ServiceDocument, where: string): string[] {
  const problems: string[] = [];
  const cluster = findEntity(document['aerospike-clusters'], routine['source-cluster']);
  const given: string[] = SELECTORS.filter((key) => isGiven(routine, key) && !isEmptyList(routine[key]));
  if ((cluster?.['prefer-racks'] ?? []).length > 0) {
    given.push(`prefer-racks of cluster ${JSON.stringify(routine['source-cluster'])}`);
  }
  if (given.length > 1) problems.push(`${where}: ${joinWords(given)} exclude each other`);
  problems.push(...checkPartitions(routine['partition-list'] ?? '', joinPath(where, 'partition-list')));
  for (const [i, node] of (routine['node-list'] ?? []).entries()) {
    if (!/^(?:[\da-f]{1,16}|\S+:\d{1,5})$/i.test(node)) {
      const expected = 'IP:port, host:port or the id of a node';
      problems.push(`${joinPath(where, 'node-list')}[${i}]: expected ${expected}, got ${JSON.stringify(node)}`);
    }
  }
  return [...problems, ...checkFilter(routine, joinPath(where, 'filter-exp'))];
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function checkPartitions(text: string, where: string): string[] {
  if (text === '') return [];
  try {
    const hasDigest = parsePartitions(text).some(({ kind }) => kind === 'digest');
    return hasDigest ? [`${where}: expected N or START-COUNT, separated by commas, and no digest`] : [];
  } catch (error) {
    return [`${where}: ${errorMessage(error)}; expected N (0-4095) or START-COUNT, separated by commas`];
  }
}

function checkFilter(routine: BackupRoutine, where: string): string[] {
  const text = routine['filter-exp'] ?? '';
  if (text === '') return [];
  if ((routine['set-list'] ?? []).length > 1) return [`${where}: works with at most one set; the filter can have more`];
  try {
    const bytes = parseValue({ type: 'base64' }, text) as Uint8Array;
    return isMessagePack(bytes) ? [] : [`${where}: expected one expression in MessagePack, as base64`];
  } catch {
    return [`${where}: expected a filter expression in base64`];
  }
}

/** Whether the bytes are exactly one list, which expressions are. */
function isMessagePack(bytes: Uint8Array): boolean {
  const first = bytes[0];
  const isList = first !== undefined && ((first >= 0x90 && first <= 0x9f) || first === 0xdc || first === 0xdd);
  return isList && skipValue(bytes, 0) === bytes.length;
}

/** Behind the value at `at`; beyond the end or NaN where it is cut off or of no kind. */
function skipValue(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === undefined) return NaN;
  const size = (count: number): number => {
    let value = 0;
    for (let i = 1; i <= count; i++) value = value * 256 + (bytes[at + i] ?? NaN);
    return value;
  };
  if (first <= 0x7f || first >= 0xe0) return at + 1;
  if (first <= 0x8f) return skipValues(bytes, at + 1, 2 * (first & 0x0f));
  if (first <= 0x9f) return skipValues(bytes, at + 1, first & 0x0f);
  if (first <= 0xbf) return at + 1 + (first & 0x1f);
  const fixed: Readonly<Record<number, number>> = {
    ...{ 0xc0: 0, 0xc2: 0, 0xc3: 0, 0xca: 4, 0xcb: 8, 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 },
    ...{ 0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8, 0xd4: 2, 0xd5: 3, 0xd6: 5, 0xd7: 9, 0xd8: 17 },
  };
  const length = fixed[first];
  if (length !== undefined) return at + 1 + length;
  if (first >= 0xc4 && first <= 0xc6) return at + 1 + 2 ** (first - 0xc4) + size(2 ** (first - 0xc4));
  if (first >= 0xc7 && first <= 0xc9) return at + 2 + 2 ** (first - 0xc7) + size(2 ** (first - 0xc7));
  if (first >= 0xd9 && first <= 0xdb) return at + 1 + 2 ** (first - 0xd9) + size(2 ** (first - 0xd9));
  if (first === 0xdc || first === 0xdd) {
    const width = first === 0xdc ? 2 : 4;
    return skipValues(bytes, at + 1 + width, size(width));
  }
  if (first === 0xde || first === 0xdf) {
    const width = first === 0xde ? 2 : 4;
    return skipValues(bytes, at + 1 + width, 2 * size(width));
  }
  return NaN;
}

function skipValues(bytes: Uint8Array, at: number, count: number): number {
  let end = Number.isNaN(count) ? NaN : at;
  for (let i = 0; i < count && end <= bytes.length; i++) end = skipValue(bytes, end);
  return end;
}

function checkKeySecret(routine: BackupRoutine, policy: BackupPolicy | undefined, where: string): string[] {
  const secret = policy?.encryption?.['key-secret'] ?? '';
  if (!isReference(secret) || isGiven(routine, 'secret-agent')) return [];
  const name = JSON.stringify(routine['backup-policy']);
  return [`${joinPath(where, 'secret-agent')}: is required, as key-secret of policy ${name} is a reference`];
}

/** A number that was written: fewer scans than the default run where the cluster allows no more. */
function checkParallel(
  routine: BackupRoutine,
  policy: BackupPolicy | undefined,
  document: ServiceDocument,
  where: string,
): string[] {
  const most = findEntity(document['aerospike-clusters'], routine['source-cluster'])?.['max-parallel-scans'];
  const { parallel } = policy ?? {};
  if (most === undefined || parallel === undefined || parallel <= most) return [];
  const names = [routine['backup-policy'], routine['source-cluster']].map((name) => JSON.stringify(name));
  return [
    `${where}: parallel ${parallel} of policy ${names[0] ?? ''} is more than max-parallel-scans ${most} of cluster ${names[1] ?? ''}`,
  ];
}

function checkParts(storage: Storage | undefined, policy: BackupPolicy | undefined, where: string): string[] {
  const block = storage?.['s3-storage'] ?? storage?.['gcp-storage'] ?? storage?.['azure-storage'];
  if (block === undefined) return [];
  const limit = resolvePolicy(policy)['file-limit'];
  const bytes = block['min-part-size'] ?? DEFAULT_PART_BYTES;
  const parts = Math.ceil((limit * MIB) / bytes);
  if (parts < MAX_PARTS) return [];
  return [
    `${where}: a file of ${limit} MiB (file-limit) has ${parts} parts of ${bytes} bytes (min-part-size); expected less than ${MAX_PARTS}`,
  ];
}
