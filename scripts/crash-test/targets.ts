/** How and where the backups of the crash test are stored. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackupFile, StoredAs } from './read.js';

const KEY = fileURLToPath(new URL('../../test/fixtures/backups/key.pem', import.meta.url));
const ENCRYPT = ['-y', 'aes256', '--encryption-key-file', KEY];

/** How files are stored; `flags` for backup and restore alike. */
export interface Mode {
  readonly name: string;
  readonly flags: readonly string[];
  readonly stored: StoredAs;
}

/** One backup in a target. */
export interface Place {
  readonly backupFlags: readonly string[];
  readonly restoreFlags: readonly string[];
  readonly statePath: string;
  read(): BackupFile[];
  remove(): void;
}

export interface Target {
  readonly name: string;
  place(folder: string, name: string): Place;
}

export interface Combination {
  readonly name: string;
  readonly mode: Mode;
  readonly target: Target;
}

export const MODES: readonly Mode[] = [
  { name: 'plain', flags: [], stored: { compressed: false } },
  { name: 'zstd', flags: ['-z', 'zstd'], stored: { compressed: true } },
  { name: 'aes256', flags: ENCRYPT, stored: { compressed: false, keyFile: KEY } },
  { name: 'zstd+aes256', flags: ['-z', 'zstd', ...ENCRYPT], stored: { compressed: true, keyFile: KEY } },
];

/** Another kind of target is another entry here. */
export const TARGETS: readonly Target[] = [
  {
    name: 'directory',
    place: (folder, name) => {
      const path = join(folder, name);
      return {
        backupFlags: ['-d', path],
        restoreFlags: ['-d', path],
        statePath: join(path, 'test.asb.state'),
        read: () =>
          readdirSync(path)
            .filter((file) => file.endsWith('.asb'))
            .map((file) => ({ name: file, bytes: readFileSync(join(path, file)) })),
        remove: () => {
          rmSync(path, { recursive: true, force: true });
        },
      };
    },
  },
  {
    name: 'file',
    place: (folder, name) => {
      const path = join(folder, `${name}.asb`);
      return {
        backupFlags: ['-o', path],
        restoreFlags: ['-i', path],
        statePath: `${path}.state`,
        read: () => [{ name: path, bytes: readFileSync(path) }],
        remove: () => {
          for (const one of [path, `${path}.state`]) rmSync(one, { force: true });
        },
      };
    },
  },
];

export const COMBINATIONS: readonly Combination[] = TARGETS.flatMap((target) =>
  MODES.map((mode) => ({ name: `${mode.name}, ${target.name}`, mode, target })),
);
