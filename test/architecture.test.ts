/** The walls of the house: who may import whom. A wall that falls unnoticed is not built again. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** Rooms that a room may import from, besides itself and the vocabulary that lies beside the rooms. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  asb: [],
  aerospike: [],
  storage: [],
  pipeline: [],
  report: [],
  backup: ['asb', 'aerospike', 'storage', 'pipeline', 'report'],
  restore: ['asb', 'aerospike', 'storage', 'pipeline', 'report'],
  cli: ['backup', 'restore', 'asb', 'aerospike', 'storage', 'pipeline', 'report'],
  // The command line's option tables, rules and files are the library's, too.
  library: ['cli', 'backup', 'restore', 'asb', 'pipeline', 'report', 'storage'],
  // The tests' server speaks the protocol that the client has the names of.
  embedded: ['aerospike'],
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const roomOf = (path: string): string => (path.includes('/') ? path.split('/')[0]! : '');
const source = (file: string): string => readFileSync(join(SRC, file), 'utf8');

describe('rooms', () => {
  for (const [room, allowed] of Object.entries(ALLOWED)) {
    it(`${room} imports only from ${[...allowed, 'itself'].join(', ')}`, () => {
      const own = files.filter((file) => roomOf(file) === room);
      expect(own.length).toBeGreaterThan(0);
      const foreign = own.flatMap((file) =>
        [...source(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
          .map(([, path]) => relative(SRC, resolve(SRC, dirname(file), path!)))
          .filter((path) => ![room, '', ...allowed].includes(roomOf(path)))
          .map((path) => `${file} → ${path}`),
      );
      expect(foreign).toEqual([]);
    });
  }

  it('a run reads no arguments and no environment, and never ends the process: it is a library, too', () => {
    const offenders = files
      .filter((file) => !['cli', 'embedded'].includes(roomOf(file)))
      .filter((file) => /process\.(?:argv|env|exit)\b/.test(source(file)));
    expect(offenders).toEqual([]);
  });

  it('the library loads nothing that ends the process, listens to signals or prints', () => {
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, path] of source(file).matchAll(/^(?:import|export)(?! type)[^;]*?from '(\.[^']+)\.js'/gm)) {
        follow(`${relative(SRC, resolve(SRC, dirname(file), path!))}.ts`);
      }
    };
    follow('library/index.ts');
    expect(seen.size).toBeGreaterThan(80);
    const loud = [...seen].filter((file) =>
      /process\.(?:exit|on|once|argv|std(?:out|in))\b|console\.|cli-progress/.test(source(file)),
    );
    expect(loud).toEqual([]);
  });

  it('files stay short enough to be read', () => {
    const long = files.filter((file) => source(file).split('\n').length > 500);
    expect(long).toEqual([]);
  });
});
