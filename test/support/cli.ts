/** Commands in a process of their own making: what they write, how they exit, and the configuration they would run. */
import { expect } from 'vitest';
import { main as asbackup } from '../../src/cli/asbackup.js';
import { main as asrestore } from '../../src/cli/asrestore.js';
import type { BackupCommand } from '../../src/config/backup-config.js';
import type { RestoreCommand } from '../../src/config/restore-config.js';

/** Stands in for the process. */
export function fakeProcess() {
  const listeners = new Map<string, Set<() => void>>();
  const world = {
    out: '',
    err: [] as string[],
    exits: [] as number[],
    listeners: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
    raise: (signal: string) => listeners.get(signal)?.forEach((listener) => listener()),
    environment: {
      terminal: () => undefined,
      hasTerminal: () => true,
      configFiles: [],
      stdout: (text: string) => void (world.out += text),
      stderr: (text: string) => void world.err.push(text),
      signals: {
        on: (signal: string, listener: () => void) => {
          listeners.set(signal, (listeners.get(signal) ?? new Set()).add(listener));
        },
        removeListener: (signal: string, listener: () => void) => listeners.get(signal)?.delete(listener),
        exit: (code: number) => void world.exits.push(code),
      },
    },
  };
  return world;
}

/** The configuration that the command line makes; the command must accept it. */
export const readBackupConfig = (...argv: string[]): Promise<BackupCommand> => readConfig(asbackup, argv);

/** The configuration that the command line makes; the command must accept it. */
export const readRestoreConfig = (...argv: string[]): Promise<RestoreCommand> => readConfig(asrestore, argv);

async function readConfig<Config>(
  main: (argv: string[], overrides: { run: (config: Config) => Promise<void> }) => Promise<number>,
  argv: string[],
): Promise<Config> {
  const { environment, err } = fakeProcess();
  let seen: Config | undefined;
  const run = (config: Config): Promise<void> => {
    seen = config;
    return Promise.resolve();
  };
  expect(await main(argv, { ...environment, run }), err.join('')).toBe(0);
  return seen!;
}
