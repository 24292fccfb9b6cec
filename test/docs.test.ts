/** Comments in the code cite sections of docs/spec and pages of docs: each of them exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DOCS = ['asb-format.md', 'wire.md', 'asbackup.md', 'asrestore.md'];
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function sourceFiles(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts') || name.endsWith('.js')).map((name) => join(folder, name));
}

/** `1`, `1.2`, … of headings such as `## 1. Grammar` and `### 1.2 Meta section`. */
const sections = new Map(
  DOCS.map((doc) => [
    doc,
    new Set([...read(`docs/spec/${doc}`).matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(([, number]) => number!)),
  ]),
);

/** Rows of the table of a section: numbers of faults, or of checks. */
function rows(doc: string, heading: string): Set<string> {
  const text = read(`docs/spec/${doc}`);
  const from = text.indexOf(heading);
  const section = text.slice(from, text.indexOf('\n## ', from + 1) < 0 ? undefined : text.indexOf('\n## ', from + 1));
  return new Set([...section.matchAll(/^\| (\d+) +\|/gm)].map(([, number]) => number!));
}

interface Reference {
  file: string;
  doc: string;
  /** As it stands in the comment, line breaks and stars taken out. */
  text: string;
}

/**
 * A name, then numbers of sections: `wire.md 1.2–1.5, 5.2`, `asbackup.md 12, fault 9`, `asbackup.md faults 18 and 20`.
 */
const REFERENCE =
  /\b(asb-format|wire|asbackup|asrestore)\.md((?:,? (?:and )?\d+(?:\.\d+)?(?:–\d+(?:\.\d+)?)?(?![\w-]))*)(?:,? (faults?|rows?) (\d+)(?:(?: and | to )(\d+))?)?/g;

const references: (Reference & { numbers: string[]; kind: string | undefined; entries: string[] })[] = [];
for (const file of [...sourceFiles('src'), ...sourceFiles('test'), ...sourceFiles('scripts')]) {
  if (file.endsWith('docs.test.ts')) continue;
  const text = read(file).replace(/\n\s*(?:\*|\/\/) ?/g, ' ');
  for (const [whole, doc, list = '', kind, first, second] of text.matchAll(REFERENCE)) {
    const numbers = [...list.matchAll(/\d+(?:\.\d+)?/g)].map(([number]) => number);
    const entries = [first, second].filter((entry) => entry !== undefined);
    references.push({ file, doc: `${doc!}.md`, text: whole, numbers, kind: kind?.replace(/s$/, ''), entries });
  }
}

describe('docs', () => {
  it('have every section that the code refers to', () => {
    expect(references.length).toBeGreaterThan(150);
    const dangling = references.flatMap(({ file, doc, text, numbers }) =>
      numbers
        .filter((number) => sections.get(doc)?.has(number) !== true)
        .map((number) => `${file}: ${text} (${number})`),
    );
    expect(dangling).toEqual([]);
  });

  it('have every fault and every rule that the code refers to', () => {
    const known = new Map<string, Record<string, Set<string>>>();
    for (const doc of ['asbackup.md', 'asrestore.md']) {
      known.set(doc, { fault: rows(doc, '\n## 12. '), row: rows(doc, '\n### 2.1 ') });
    }
    const named = references.filter(({ kind }) => kind !== undefined);
    expect(named.length).toBeGreaterThan(10);
    const dangling = named.flatMap(({ file, doc, text, kind, entries }) =>
      entries
        .filter((entry) => known.get(doc)?.[kind!]?.has(entry) !== true)
        .map((entry) => `${file}: ${text} (${entry})`),
    );
    expect(dangling).toEqual([]);
  });

  it('have no section twice, and none left out between two', () => {
    for (const doc of DOCS) {
      const numbers = [...read(`docs/spec/${doc}`).matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
      expect(numbers, doc).toEqual(numbers.map((_, i) => i + 1));
    }
  });

  it('have all pages that code and scripts name by their path', () => {
    const files = ['src', 'scripts', 'test'].flatMap((folder) => sourceFiles(folder));
    const missing = files.flatMap((file) =>
      [...read(file).matchAll(/\bdocs\/(?:[a-z0-9-]+\/)*[a-z0-9-]+\.md\b/g)]
        .filter(([page]) => !existsSync(join(ROOT, page)))
        .map(([page]) => `${file}: ${page}`),
    );
    expect(missing).toEqual([]);
  });

  it('name a test that exists for each row of what the service takes over from others', () => {
    const tables = [
      { page: 'docs/guide/service.md', heading: '\n## Coming from ABS', least: 25 },
      { page: 'docs/guide/service-v2.md', heading: '\n## What is asked for', least: 40 },
    ];
    const files = sourceFiles('test');
    for (const { page, heading, least } of tables) {
      const [section = ''] = read(page).split(heading)[1]?.split('\n## ') ?? [];
      const cells = [...section.matchAll(/^\|[^|]+\|[^|]+\|([^|]+)\|$/gm)]
        .map(([, cell]) => cell!.trim())
        .filter((cell) => cell !== 'test' && !/^-+$/.test(cell));
      expect(cells.length, page).toBeGreaterThanOrEqual(least);
      for (const cell of cells.filter((text) => !text.startsWith('not built'))) {
        const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
        expect(names, `${page}: ${cell}`).not.toEqual([]);
        for (const name of names) {
          expect(
            files.some((file) => file === name || file.endsWith(`/${name}`)),
            `${page}: ${name}`,
          ).toBe(true);
        }
      }
    }
  });

  it('have links that lead somewhere', () => {
    const pages = [
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'SECURITY.md',
      ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => `docs/${name}`),
    ];
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(dirname(page), target!))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});
