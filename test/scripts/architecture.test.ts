/** The lint configuration rejects what the layers forbid, and the public API has no effect on its host process. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint, Linter } from 'eslint';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SRC = join(ROOT, 'src');
/** Rules that need no type information: a snippet can be checked by them without a whole program. */
const RULES = /^(?:import-x\/|no-restricted-|max-l)/;

const { LAYERS } = (await import(join(ROOT, 'eslint.config.js'))) as {
  LAYERS: Readonly<Record<string, readonly string[]>>;
};
const eslint = new ESLint({ cwd: ROOT });

/** Ids of the rules that `source` breaks if it is the text of `file`. */
async function brokenRules(file: string, source: string): Promise<string[]> {
  const config = (await eslint.calculateConfigForFile(file)) as Linter.Config;
  const rules = Object.fromEntries(Object.entries(config.rules ?? {}).filter(([name]) => RULES.test(name)));
  const { plugins, settings } = config;
  const { parser } = config.languageOptions as { parser: Linter.Parser };
  const one = {
    files: ['**/*.ts'],
    plugins: plugins ?? {},
    settings: settings ?? {},
    languageOptions: { parser },
    rules,
  };
  return new Linter({ cwd: ROOT }).verify(source, [one], { filename: join(ROOT, file) }).map(({ ruleId }) => ruleId!);
}

describe('lint configuration', () => {
  it('names every folder of src as a layer', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(LAYERS).sort());
  });

  for (const [layer, target] of [
    ['core', '../asb/decoder.js'],
    ['asb', '../aerospike/protocol/constants.js'],
    ['codecs', '../storage/registry.js'],
    ['storage', '../engine/restore/restore.js'],
    ['aerospike', '../config/backup-config.js'],
    ['engine', '../ui/stderr-logger.js'],
    ['config', '../ui/stderr-logger.js'],
    ['ui', '../config/backup-config.js'],
    ['api', '../cli/run.js'],
    ['service', '../cli/run.js'],
    ['api', '../service/errors.js'],
    ['cli', '../node/cluster.js'],
    ['node', '../aerospike/cluster/cluster.js'],
    ['console', '../service/v2/errors.js'],
    ['console', '../core/errors.js'],
  ] as const) {
    it(`rejects an import of ${target} in src/${layer}`, async () => {
      const source = `import * as it from '${target}';\nexport default it;\n`;
      expect(await brokenRules(`src/${layer}/anything.ts`, source)).toContain('import-x/no-restricted-paths');
    });
  }

  it('rejects an endless `for` in AssemblyScript, which its compiler gets wrong, and accepts `while (true)`', async () => {
    const lint = (loop: string) =>
      brokenRules('src/asb/wasm/any.ts', `export function f(): void {\n  ${loop} break;\n}\n`);
    expect(await lint('for (;;)')).toEqual(['no-restricted-syntax']);
    expect(await lint('while (true)')).toEqual([]);
    expect(await lint('for (let i = 0; i < 4; i++)')).toEqual([]);
  });

  it('accepts an import of a lower layer', async () => {
    const source = "import * as it from '../core/errors.js';\nexport default it;\n";
    expect(await brokenRules('src/engine/anything.ts', source)).toEqual([]);
  });

  for (const text of ["'give --host'", '`give (--host ${1})`', "'--host'"]) {
    it(`rejects the option name in ${text} below config and accepts it in config`, async () => {
      const source = `export const text = ${text};\n`;
      expect(await brokenRules('src/engine/anything.ts', source)).toEqual(['no-restricted-syntax']);
      expect(await brokenRules('src/config/anything.ts', source)).toEqual([]);
    });
  }

  it('accepts hyphens that begin no option name', async () => {
    expect(await brokenRules('src/engine/anything.ts', "export const text = 'a--b -- c ---';\n")).toEqual([]);
  });

  for (const property of ['env', 'argv', 'exit'] as const) {
    const readers = property === 'env' ? ['cli', 'config'] : ['cli'];
    it(`accepts process.${property} in ${readers.join(' and ')} only`, async () => {
      const source = `export const it = process.${property};\n`;
      for (const layer of Object.keys(LAYERS)) {
        const expected = readers.includes(layer) ? [] : ['no-restricted-properties'];
        expect(await brokenRules(`src/${layer}/anything.ts`, source), layer).toEqual(expected);
      }
    });
  }

  it('rejects private fields of JavaScript, British spelling and functions named after a noun', async () => {
    for (const source of ['class A { #a = 1 }', 'const colour = 1;', 'function nameOf() {}']) {
      expect(await brokenRules('src/asb/anything.ts', source), source).toContain('no-restricted-syntax');
    }
  });

  it('rejects a file of more than 500 lines and a comment of more than 120 columns', async () => {
    expect(await brokenRules('src/asb/anything.ts', 'f();\n'.repeat(501))).toEqual(['max-lines']);
    expect(await brokenRules('src/asb/anything.ts', `// ${'word '.repeat(24)}\n`)).toEqual(['max-len']);
  });
});

describe('public API', () => {
  it('loads no module that ends the process, listens to signals or prints', () => {
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(join(SRC, file), 'utf8');
      for (const [, path] of text.matchAll(/^(?:import|export)(?! type)[^;]*?from '(\.[^']+)\.js'/gm)) {
        follow(`${relative(SRC, resolve(SRC, dirname(file), path!))}.ts`);
      }
    };
    follow('index.ts');
    expect(seen.size).toBeGreaterThan(80);
    const offenders = [...seen].filter((file) =>
      /process\.(?:exit|on|once|argv|std(?:out|in))\b|console\.|cli-progress/.test(
        readFileSync(join(SRC, file), 'utf8'),
      ),
    );
    expect(offenders).toEqual([]);
  });
});
