/** Configuration files of a test, and what the commands make of them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { main as asbackup } from '../../src/cli/asbackup.js';
import { main as asrestore } from '../../src/cli/asrestore.js';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { loadSettings } from '../../src/config/file/load.js';
import { restoreSchema } from '../../src/config/restore-constraints.js';
import type { OptionTable } from '../../src/config/schema/option-spec.js';
import type { ToolSchema } from '../../src/config/tool-schema.js';
import { errorText } from '../../src/ui/error-text.js';
import { type CommandLine, parseCommandLine, withoutConstraints } from './command-line.js';

export const ANY_TOOL = { asbackup: withoutConstraints(backupSchema), asrestore: withoutConstraints(restoreSchema) };

/** A folder that is removed after the tests of the file. */
export class ConfigFiles {
  private folder: Promise<string> | undefined;
  private count = 0;

  constructor() {
    afterAll(async () => {
      if (this.folder !== undefined) await rm(await this.folder, { recursive: true });
    });
  }

  get root(): Promise<string> {
    return (this.folder ??= mkdtemp(join(tmpdir(), 'config-')));
  }

  /** Writes files into a directory of its own and gives their paths. */
  async writeAll(texts: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    const directory = join(await this.root, String(this.count++));
    const paths: Record<string, string> = {};
    for (const [name, text] of Object.entries(texts)) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      paths[name] = path;
    }
    return paths;
  }

  async write(text: string): Promise<string> {
    const directory = join(await this.root, String(this.count++));
    await mkdir(directory);
    const path = join(directory, 'astools.conf');
    await writeFile(path, text);
    return path;
  }
}

/** Options of files and of a command line. */
export async function readFiles(
  tool: ToolSchema<OptionTable>,
  paths: readonly string[],
  argv: string[] = [],
  instance?: string,
): Promise<CommandLine<OptionTable>> {
  const choice = { files: paths.map((path) => ({ path, required: true })), ...(instance && { instance }) };
  const { settings } = await loadSettings(tool, choice);
  return requireRun(parseCommandLine(tool, argv, { settings }));
}

/** The line, which must not ask for the help or the version. */
export function requireRun(line: CommandLine<OptionTable>): CommandLine<OptionTable> {
  if (line.kind !== 'run') throw new Error(`unexpected ${line.kind}`);
  return line;
}

/** Runs a command up to its engine; `seen` is the configuration that would be run, as JSON has it. */
export async function runCommandWith(
  name: string,
  argv: string[],
  configFiles: string[] = [],
): Promise<{ code: number; lines: string[]; seen: Record<string, unknown> | undefined }> {
  const lines: string[] = [];
  let seen: Record<string, unknown> | undefined;
  const environment = {
    stdout: (text: string) => void lines.push(text),
    stderr: (text: string) => void lines.push(text),
    configFiles,
    terminal: () => undefined,
    askPassword: () => Promise.resolve('typed'),
    run: (options: object) => {
      const text = JSON.stringify({ ...options, signal: undefined }, (key, value: unknown) =>
        key === 'log' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
      );
      seen = JSON.parse(text) as Record<string, unknown>;
      return Promise.resolve();
    },
  };
  const code = await (name === 'asbackup' ? asbackup : asrestore)(argv, environment);
  return { code, lines, seen };
}

/** The message of the error that the work is rejected with. */
export async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => errorText(error, 'cli'),
  );
}
