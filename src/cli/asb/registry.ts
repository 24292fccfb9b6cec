/** The commands of `asb`. Each is loaded when it is called: its options are many. */
import type { OptionTable } from '../../config/schema/option-spec.js';
import type { Command, CommandPage } from '../command.js';
import type { CliContext } from '../context.js';
import { runCommand } from '../run.js';

export interface CommandEntry {
  readonly name: string;
  /** For the overview. */
  readonly summary: string;
  /** Options and help. */
  readonly loadPage: () => Promise<CommandPage>;
  /** From the words behind the name to the exit code. */
  readonly run: (argv: readonly string[], overrides: Partial<CliContext>) => Promise<number>;
}

export function lazyCommand<T extends OptionTable, Config>(
  name: string,
  summary: string,
  load: () => Promise<Command<T, Config>>,
): CommandEntry {
  return {
    name,
    summary,
    loadPage: load,
    run: async (argv, overrides) => runCommand(await load(), argv, overrides),
  };
}

export const asbCommands: readonly CommandEntry[] = [
  lazyCommand(
    'backup',
    'namespaces under one id, or what was changed since',
    async () => (await import('./commands/backup.js')).backupCommand,
  ),
  lazyCommand(
    'list',
    'the backups below a directory or prefix',
    async () => (await import('./commands/list.js')).listCommand,
  ),
  lazyCommand('show', 'everything about one backup', async () => (await import('./commands/show.js')).showCommand),
  lazyCommand(
    'restore',
    'a backup, or the state at a time, into a cluster',
    async () => (await import('./commands/restore.js')).restoreCommand,
  ),
  lazyCommand(
    'ranges',
    'of which moments each namespace can be restored',
    async () => (await import('./commands/ranges.js')).rangesCommand,
  ),
  lazyCommand(
    'verify',
    'whether backups are complete and undamaged',
    async () => (await import('./commands/verify.js')).verifyCommand,
  ),
  lazyCommand('hold', 'keep a backup from being deleted', async () => (await import('./commands/hold.js')).holdCommand),
  lazyCommand('release', 'end a hold', async () => (await import('./commands/hold.js')).releaseCommand),
  lazyCommand(
    'copy',
    'copy a backup to another directory or storage',
    async () => (await import('./commands/copy.js')).copyCommand,
  ),
  lazyCommand('delete', 'delete a backup', async () => (await import('./commands/delete.js')).deleteCommand),
  lazyCommand(
    'prune',
    'delete the backups that no rule keeps',
    async () => (await import('./commands/prune.js')).pruneCommand,
  ),
  lazyCommand(
    'diff',
    'what differs between two backups, or a backup and a cluster',
    async () => (await import('./commands/diff.js')).diffCommand,
  ),
  lazyCommand(
    'merge',
    'one full backup of a full one and increments',
    async () => (await import('./commands/merge.js')).mergeCommand,
  ),
  lazyCommand('export', 'records as JSON or CSV', async () => (await import('./commands/export.js')).exportCommand),
  lazyCommand(
    'serve',
    'a backup as a read-only node, for clients to look into',
    async () => (await import('./commands/serve.js')).serveCommand,
  ),
  lazyCommand(
    'doctor',
    'whether cluster and storages are ready, and what to do if not',
    async () => (await import('./commands/doctor.js')).doctorCommand,
  ),
  lazyCommand(
    'plan',
    'how many shards, and how much storage and time, a backup takes',
    async () => (await import('./commands/plan.js')).planCommand,
  ),
  lazyCommand(
    'service',
    'routines that back clusters up, and their REST API',
    async () => (await import('./commands/service.js')).serviceCommand,
  ),
  lazyCommand(
    'service-token',
    'a token for the API of the service',
    async () => (await import('./commands/service-token.js')).serviceTokenCommand,
  ),
];
