/**
 * The lines that scripts read: they are those of the C tools, byte for byte, and must stay as they are. In the golden
 * files they have a `C` in front. All other lines of the log, those of `[ERR]` above all, are for people, and may be
 * worded anew on purpose.
 */

export interface LineKind {
  name: string;
  tool: 'asbackup' | 'asrestore' | 'both';
  /** The text behind time, tag and thread, after normalization. */
  text: RegExp;
  /** No case brings it about: it takes a server that changes its mind at the right moment. */
  unseen?: true;
}

/** Lines of the log with the tag `[INF]`. */
export const LOG_KINDS: readonly LineKind[] = [
  { name: 'nodes', tool: 'both', text: /^Processing \d+ node\(s\)$/ },
  {
    name: 'start of a backup',
    tool: 'asbackup',
    text: /^Starting backup of .* \(namespace: .*, set: \[.*\], bins: .*, after: .*, before: .*, no ttl only: (?:true|false), limit: \d+\) to .+$/,
  },
  { name: 'heading of the table of nodes', tool: 'asbackup', text: /^Node ID {13}Objects {8}Replication {4}$/ },
  { name: 'row of the table of nodes', tool: 'asbackup', text: /^[0-9A-F]+ +\d+ +\d+ +$/ },
  {
    name: 'count of records',
    tool: 'asbackup',
    text: /^(?:Namespace .* contains|Set .* contains|Sets .* contain) \d+ record\(s\)$/,
  },
  { name: 'new directory', tool: 'asbackup', text: /^Directory .* does not exist, creating$/ },
  { name: 'directory ready', tool: 'asbackup', text: /^Directory .* prepared for backup$/ },
  { name: 'indexes', tool: 'asbackup', text: /^(?:Backing up \d+ secondary index\(es\)|No secondary indexes)$/ },
  { name: 'modules', tool: 'asbackup', text: /^Backing up \d+ UDF file\(s\)$/ },
  {
    name: 'start of a scan',
    tool: 'asbackup',
    text: /^Starting backup for (?:\d+ partitions from \d+ to \d+|partition \d+(?: after \S+)?)$/,
  },
  {
    name: 'end of a scan',
    tool: 'asbackup',
    text: /^Completed backup for .*, records: (?:\d+|<n>), size: (?:\d+|<n>) \(~(?:\d+|<n>) B\/rec\)$/,
  },
  {
    name: 'end of a scan that was interrupted',
    tool: 'asbackup',
    text: /^Backup of .* interrupted, records: (?:\d+|<n>), size: (?:\d+|<n>) \(~(?:\d+|<n>) B\/rec\)$/,
  },
  {
    name: 'progress of a backup',
    tool: 'asbackup',
    text: /^<n>% complete \(~<n> KiB\/s, ~<n> rec\/s, ~<n> B\/rec\)$/,
  },
  { name: 'time left of a backup', tool: 'asbackup', text: /^~<eta> remaining$/ },
  {
    name: 'summary of a backup',
    tool: 'asbackup',
    text: /^Backed up (?:\d+|<n>) record\(s\), \d+ secondary index\(es\), \d+ UDF file\(s\), (?:\d+|<n>) byte\(s\) in total \(~(?:\d+|<n>) B\/rec\)$/,
  },
  {
    name: 'estimate of a record',
    tool: 'asbackup',
    text: /^Estimated overall record size (?:before compression )?is \d+ byte\(s\)$/,
  },
  { name: 'estimate of the compression', tool: 'asbackup', text: /^Approximate compression ratio is [\d.]+%$/ },
  {
    name: 'estimate of a backup',
    tool: 'asbackup',
    text: /^Estimated total backup file size \(for backup-to-file, 99\.9% confidence\): \d+ byte\(s\)$/,
  },
  {
    name: 'fewer workers',
    tool: 'asbackup',
    text: /^Warning: --parallel \d+ is higher than the number of .* \(\d+\), setting number of threads to \d+\.$/,
  },
  { name: 'indexes of other sets', tool: 'both', text: /^Skipped \d+ index\(es\) with unwanted set\(s\)$/ },
  { name: 'start of a restore', tool: 'asrestore', text: /^Starting restore to .* \(bins: .*, sets: .*\) from .+$/ },
  { name: 'files of a directory', tool: 'asrestore', text: /^Found \d+ backup file\(s\) in .+$/ },
  { name: 'input', tool: 'asrestore', text: /^[Rr]estoring (?!records$|UDF ).+$/ },
  { name: 'opened file', tool: 'asrestore', text: /^Opened backup file .+$/ },
  { name: 'start of the records', tool: 'asrestore', text: /^Restoring records$/ },
  { name: 'restored module', tool: 'asrestore', text: /^Restoring UDF file .+ \(size \d+\)$/ },
  { name: 'end of a restore', tool: 'asrestore', text: /^Finished restoring backup file\(s\)$/ },
  {
    name: 'counters of a restore',
    tool: 'asrestore',
    text: /^\d+ UDF file\(s\), \d+ secondary index\(es\), (?:\d+|<n>) record\(s\) \(<n> rec\/s, <n> KiB\/s, <n> B\/rec, retries: (?:\d+|<n>)\)$/,
  },
  {
    name: 'summary of a restore',
    tool: 'asrestore',
    text: /^Expired \d+ : skipped \d+ : err_ignored \d+ : inserted (?:\d+|<n>): failed \d+ \(existed \d+ , fresher \d+\)$/,
  },
  { name: 'progress of a restore', tool: 'asrestore', text: /^<n>% complete, ~<eta> remaining$/ },
  { name: 'indexes that were there', tool: 'asrestore', text: /^Skipped \d+ matched index\(es\)$/ },
  { name: 'indexes that differ', tool: 'asrestore', text: /^Skipped \d+ mismatched index\(es\)$/, unseen: true },
  { name: 'start of a validation', tool: 'asrestore', text: /^Starting validation of .+$/ },
  { name: 'validated input', tool: 'asrestore', text: /^[Vv]alidating .+$/ },
  { name: 'end of a validation', tool: 'asrestore', text: /^Finished validating backup file\(s\)$/ },
];

/** Lines of the file of `--machine`: all are read by programs. */
export const MACHINE_KINDS: readonly LineKind[] = [
  { name: 'progress', tool: 'both', text: /^PROGRESS:(?:\d+|<n>)$/ },
  { name: 'time left', tool: 'both', text: /^REMAINING:<eta>$/ },
  { name: 'estimate', tool: 'asbackup', text: /^ESTIMATE:\d+:\d+$/ },
  { name: 'summary of a backup', tool: 'asbackup', text: /^SUMMARY(?::(?:\d+|<n>)){5}$/ },
  { name: 'summary of a restore', tool: 'asrestore', text: /^SUMMARY(?::(?:\d+|<n>)){6} (?::(?:\d+|<n>)){3}$/ },
];

/**
 * What programs read in a line of `--log-json`: that it is one, the names of its keys, and level, event and fields. Its
 * message is for people, except where the line would be one of `LOG_KINDS`.
 */
export const JSON_KEYS = ['time', 'tool', 'pid', 'level', 'event', 'message', 'fields'] as const;

export function findKind(text: string, kinds: readonly LineKind[]): LineKind | undefined {
  return kinds.find((kind) => kind.text.test(text));
}
