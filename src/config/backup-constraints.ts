/** What a backup's options require of each other (asbackup.md 2.1 and 2.2), in the order of the C tool. */
import { exclusive, keyWithoutMode } from './constraints.js';
import { joinMentions, mentions, type OptionText, optionText } from './option-text.js';
import type { OptionValues } from './option-values.js';
import { asbackupOptions } from './schema/backup.js';
import type { OptionName } from './schema/option-spec.js';
import type { Constraint, ToolSchema } from './tool-schema.js';
import type { ShardChoice } from './values/shard.js';

type Table = typeof asbackupOptions;
export type BackupValues = OptionValues<Table>;

const MIN_PART_SIZE_MIB = 5;
const MAX_PART_SIZE_MIB = 5120;
const option = mentions(asbackupOptions);

/** How the files are stored. */
export const pipelineConstraints: readonly Constraint<Table>[] = [
  (v) =>
    v.get('compression-level') !== 0 && !v.has('compress')
      ? optionText`${option('compression-level')} needs ${option('compress')}`
      : undefined,
  (v) => keyWithoutMode(v, option),
];

/** What the object stores need. */
export const uploadConstraints: readonly Constraint<Table>[] = [
  (v) => {
    const size = v.get('s3-min-part-size');
    return size !== undefined && (size < MIN_PART_SIZE_MIB || size > MAX_PART_SIZE_MIB)
      ? optionText`${option('s3-min-part-size')} must be from ${MIN_PART_SIZE_MIB} to ${MAX_PART_SIZE_MIB} MiB, not ${size}`
      : undefined;
  },
  (v) =>
    v.has('s3-object-lock-mode') === v.has('s3-object-lock-days')
      ? undefined
      : optionText`${option('s3-object-lock-mode')} and ${option('s3-object-lock-days')} need each other`,
  (v) =>
    v.has('s3-kms-key-id') && !(v.get('s3-server-side-encryption') ?? '').startsWith('aws:kms')
      ? optionText`${option('s3-kms-key-id')} needs ${option('s3-server-side-encryption')} aws:kms`
      : undefined,
];

/** What cannot be divided, and what would be of another shard, too. */
const shardConstraints: readonly Constraint<Table>[] = [
  (v) =>
    exclusive(v, option, 'shard', 'estimate') ??
    exclusive(v, option, 'shard', 'max-records') ??
    exclusive(v, option, 'shard', 'state-file-dst') ??
    exclusive(v, option, 'shard', 'remove-artifacts'),
  (v) => {
    const shard = v.get('shard');
    return shard === undefined ? undefined : findFileOfOtherShard(v, shard);
  },
];

/**
 * Why the output file cannot be that of the shard; undefined if it can. Each shard needs a file of its own, and one
 * that begins anew deletes what is there: the last shard that the path names has to be this one, so that no two shards
 * can have the same path. `auto`: not known yet, so that any will do until it is (resolveShard).
 */
export function findFileOfOtherShard(v: BackupValues, shard: ShardChoice): OptionText | undefined {
  const file = v.get('output-file');
  if (file === undefined) return undefined;
  const named = file === '-' ? undefined : [...file.matchAll(/(?<!\d)(\d+)of(\d+)(?!\d)/g)].at(-1);
  if (named === undefined) {
    return optionText`${option('shard')} needs ${option('directory')}, or ${option('output-file')} with a name that has the shard in it, as in test-3of8.asb`;
  }
  const [text, index, count] = named;
  if (shard === 'auto' || (Number(index) === shard.index && Number(count) === shard.count)) return undefined;
  return optionText`The name of ${option('output-file')} has ${text} in it, another shard than ${shard.index} of ${shard.count}; each shard needs a name of its own, as in test-${shard.index}of${shard.count}.asb`;
}

const constraints: readonly Constraint<Table>[] = [
  (v) =>
    v.has('remove-artifacts') || (v.has('namespace') && v.get('namespace') !== '')
      ? undefined
      : optionText`No namespace specified. Use ${option('namespace')}`,
  (v) =>
    v.has('filter-exp') && (v.get('set')?.length ?? 0) > 1
      ? optionText`${option('filter-exp')} works with at most one set; put the sets into the expression`
      : undefined,
  (v) => {
    const other = (['modified-after', 'modified-before', 'no-ttl-only'] as const).find((name) => v.has(name));
    return v.has('filter-exp') && other !== undefined
      ? optionText`${option('filter-exp')} and ${option(other)} exclude each other; put the condition into the expression`
      : undefined;
  },
  ...pipelineConstraints,
  (v) =>
    targets(v) > 1
      ? optionText`Only one of ${joinMentions([option('directory'), option('output-file'), option('estimate')])} can be given`
      : undefined,
  (v) =>
    targets(v) === 0
      ? optionText`No output specified. Use ${joinMentions([option('directory'), option('output-file'), option('estimate')], 'or')}`
      : undefined,
  (v) => exclusive(v, option, 'estimate', 'no-records'),
  (v) => exclusive(v, option, 'estimate', 'parallel'),
  (v) => exclusive(v, option, 'partition-list', 'after-digest'),
  (v) => exclusive(v, option, 'node-list', 'partition-list') ?? exclusive(v, option, 'node-list', 'after-digest'),
  (v) =>
    exclusive(v, option, 'continue', 'estimate') ??
    exclusive(v, option, 'continue', 'remove-files') ??
    exclusive(v, option, 'continue', 'remove-artifacts'),
  (v) => exclusive(v, option, 'estimate', 'remove-artifacts'),
  (v) => exclusive(v, option, 'manifest', 'state-file-dst') ?? exclusive(v, option, 'manifest', 'estimate'),
  (v) =>
    v.has('manifest') && !v.has('directory') && v.get('output-file') === '-'
      ? optionText`${option('manifest')} needs ${joinMentions([option('directory'), option('output-file')], 'or')} with the name of a file`
      : undefined,
  ...shardConstraints,
  ...uploadConstraints,
];

export const backupSchema: ToolSchema<Table> = {
  name: 'asbackup',
  options: asbackupOptions,
  constraints,
  // Alternatives: the answer of the command line counts (asbackup.md 12, fault 18). An option that selects records is
  // overridden by another selection of partitions only; any other combination stays the error of its constraint.
  overrides: {
    directory: ['output-file', 'estimate'],
    'output-file': ['directory', 'estimate'],
    estimate: ['directory', 'output-file', 'remove-artifacts'],
    parallel: ['estimate'],
    'remove-files': ['continue'],
    'remove-artifacts': ['continue', 'estimate'],
    continue: ['estimate', 'remove-files', 'remove-artifacts'],
    'encryption-key-file': ['encryption-key-env'],
    'encryption-key-env': ['encryption-key-file'],
    'partition-list': ['after-digest', 'node-list'],
    'after-digest': ['partition-list', 'node-list'],
    'node-list': ['partition-list', 'after-digest'],
  } satisfies Partial<Record<OptionName<Table>, readonly OptionName<Table>[]>>,
  notes: estimateNotes,
};

function targets(v: BackupValues): number {
  return [v.has('directory'), v.has('output-file'), v.has('estimate')].filter(Boolean).length;
}

/** What an estimate does not take into account, although it was asked for (asbackup.md 2.2, fault 24). */
function estimateNotes(v: BackupValues): OptionText[] {
  if (!v.has('estimate')) return [];
  const filters = (
    ['filter-exp', 'modified-after', 'modified-before', 'no-ttl-only', 'partition-list', 'after-digest'] as const
  ).filter((name) => v.has(name));
  const notes: OptionText[] = [];
  if (filters.length > 0) {
    const list = joinMentions(filters.map((name) => option(name)));
    notes.push(
      optionText`Warning: ${list} only choose(s) the records that are measured; the estimate still counts all records of the namespace or sets, so a backup with the same options will be smaller.`,
    );
  }
  if (v.get('max-records') > 0) {
    notes.push(
      optionText`Warning: ${option('max-records')} limits the number of records the estimate is made for, not how many are measured; that is ${option('estimate-samples')}.`,
    );
  }
  return notes;
}
