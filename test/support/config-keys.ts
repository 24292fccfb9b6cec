/** What every option of a tool that a file may set has to do: test/config/file/apply-config*.test.ts. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/file/load.js';
import { fileKeys, type OptionSpec, type OptionTable } from '../../src/config/schema/option-spec.js';
import type { ToolSchema } from '../../src/config/tool-schema.js';
import { type CommandLine, parseCommandLine } from './command-line.js';
import { makeCertificate } from './certificates.js';
import { ConfigFiles, failure, readFiles, requireRun, runCommandWith } from './config-files.js';
import { COMPANIONS, REAL_TEXTS, samples } from './option-samples.js';

let configFiles: ConfigFiles;
let root = '';

function prepareFiles(): void {
  configFiles = new ConfigFiles();
  beforeAll(async () => {
    root = await configFiles.root;
    const ca = makeCertificate({ name: 'Test CA', isCa: true });
    const client = makeCertificate({ name: 'client', issuer: ca });
    await mkdir(join(root, 'ca'));
    await writeFile(join(root, 'ca', 'ca.pem'), ca.cert);
    await writeFile(join(root, 'client.pem'), client.cert + client.key);
  });
}

/** Everything a line says. */
function snapshot(tool: ToolSchema<OptionTable>, { values }: CommandLine<OptionTable>) {
  return tool.options.map(({ name }) => [name, values.has(name), values.get(name)]);
}

/** What else has to be said for an option to have its effect. */
function companions(): Record<string, string[]> {
  const trust = `--tls-cafile=${join(root, 'ca', 'ca.pem')}`;
  const tls = ['--tls-enable', trust];
  return {
    password: ['-U', 'me'],
    'tls-enable': [trust],
    'tls-cafile': ['--tls-enable'],
    'tls-capath': ['--tls-enable'],
    'tls-name': tls,
    'tls-protocols': tls,
    'tls-cipher-suite': tls,
    'tls-keyfile-password': tls,
    'tls-certfile': [...tls, `--tls-keyfile=${join(root, 'client.pem')}`],
    'tls-keyfile': [...tls, `--tls-certfile=${join(root, 'client.pem')}`],
    'parent-directory': ['--directory-list=a,b'],
  };
}

/** Arguments that have to stand for something that is really there. */
function realTexts(): Record<string, string[]> {
  return {
    'tls-cafile': [join(root, 'ca', 'ca.pem')],
    'tls-capath': [join(root, 'ca')],
    'tls-certfile': [join(root, 'client.pem')],
    'tls-keyfile': [join(root, 'client.pem')],
    'tls-protocols': ['TLSv1.2', '-all +TLSv1.2'],
    'tls-cipher-suite': ['ECDHE-ECDSA-AES256-GCM-SHA384'],
    'directory-list': ['a,b'],
    'parent-directory': ['p'],
    nice: ['5', '5,6'],
  };
}

function findSection(tool: ToolSchema<OptionTable>, spec: OptionSpec): string {
  return spec.section === 'tool' ? tool.name : spec.section!;
}

/** The value as a file has it. */
function formatToml(spec: OptionSpec, text: string): string {
  if (spec.value.type === 'integer') return String(Number(text));
  return spec.value.type === 'flag' ? text : JSON.stringify(text);
}

export function describeConfigKeys(tool: ToolSchema<OptionTable>): void {
  prepareFiles();
  const base = tool.name === 'asbackup' ? ['-n', 'test', '-d', 'dir'] : ['-i', 'file'];

  describe(`${tool.name}: keys of a file`, () => {
    for (const spec of tool.options) {
      if (spec.section === undefined) continue;
      const section = findSection(tool, spec);
      const { good, bad } = samples(spec.value);
      const texts = spec.argument === 'none' ? ['true'] : good.map(([text]) => text);

      it.each(fileKeys(spec))('%s sets the value that the option sets', async (key) => {
        for (const [i, text] of texts.entries()) {
          const word = `--${spec.name}=${text}`;
          const expected = snapshot(tool, requireRun(parseCommandLine(tool, [word])));
          for (const written of i === 0 ? [key, key.toUpperCase(), JSON.stringify(key)] : [key]) {
            const path = await configFiles.write(`[${section}]\n${written} = ${formatToml(spec, text)}\n`);
            expect(snapshot(tool, await readFiles(tool, [path])), `${key} ${text}`).toEqual(expected);
            if (written !== key) continue;
            // Of all words it is the command line's that counts.
            const twice = await readFiles(tool, [path], [word]);
            expect(snapshot(tool, twice)).toEqual(expected);
          }
        }
      });

      it(`${spec.name} with an invalid value is refused with the reason of the command line`, async () => {
        const key = fileKeys(spec)[0]!;
        const wrong = spec.value.type === 'integer' ? bad.filter((text) => /^-?[1-9][0-9]*$/.test(text)) : bad;
        for (const text of wrong) {
          const toml = spec.value.type === 'integer' ? text : JSON.stringify(text);
          const path = await configFiles.write(`\n[${section}]\n\n${key} = ${toml}\n`);
          const message = await failure(readFiles(tool, [path]));
          const direct = await failure(
            Promise.resolve().then(() => parseCommandLine(tool, [`--${spec.name}=${text}`])),
          );
          expect(message).toMatch(`${path}:4: invalid value`);
          const reason = (whole: string) => whole.slice(whole.indexOf(`for `)).replace(/^for [^ ]*: /, '');
          expect(reason(message)).toBe(reason(direct));
        }
        if (spec.value.type === 'integer') expect(wrong.length).toBeGreaterThan(1);
      });

      it(`${spec.name} is refused in every TOML type but its own`, async () => {
        const key = fileKeys(spec)[0]!;
        const right =
          spec.value.type === 'integer'
            ? 'a whole number, without quotes'
            : spec.value.type === 'flag'
              ? 'true or false, without quotes'
              : 'text in quotes';
        const all: Record<string, string> = {
          'text in quotes': '"7"',
          'a whole number': '7',
          'a number with a fraction or exponent': '7.0',
          'true or false': 'true',
          'a list in brackets': '["7"]',
          'a table': '{ a = 7 }',
          'a date': '2020-01-01',
        };
        for (const [kind, toml] of Object.entries(all)) {
          if (right.startsWith(kind) || (kind === 'a whole number' && spec.bareNumber === true)) continue;
          const path = await configFiles.write(`[${section}]\n${key} = ${toml}`);
          expect(await failure(readFiles(tool, [path]))).toBe(`${path}:2: ${key} must be ${right}, not ${kind}.`);
        }
      });

      if (spec.argument === 'none') {
        it(`${spec.name} is switched off by the command line, or by a later file`, async () => {
          const key = fileKeys(spec)[0]!;
          const on = await configFiles.write(`[${section}]\n${key} = true`);
          const off = await configFiles.write(`[${section}]\n${key} = false`);
          expect((await readFiles(tool, [on])).values.has(spec.name)).toBe(true);
          expect((await readFiles(tool, [on], [`--${spec.name}=false`])).values.has(spec.name)).toBe(false);
          expect((await readFiles(tool, [on, off])).values.has(spec.name)).toBe(false);
          expect((await readFiles(tool, [off, on])).values.has(spec.name)).toBe(true);
          expect((await readFiles(tool, [off], [`--${spec.name}=true`])).values.has(spec.name)).toBe(true);
          expect((await readFiles(tool, [off])).values.get(spec.name)).toBeUndefined();
        });
      }

      if (spec.section !== 'secret-agent') {
        it(`${spec.name} in a file makes the same configuration as on the command line`, async () => {
          const targets = [
            'output-file',
            'directory',
            'directory-list',
            'parent-directory',
            'estimate',
            'input-file',
            'shard',
          ];
          const own = !targets.includes(spec.name) ? base : tool.name === 'asbackup' ? ['-n', 'test'] : [];
          const rest = spec.name === 'namespace' && tool.name === 'asbackup' ? ['-d', 'dir'] : own;
          const needed = { ...COMPANIONS, ...companions() }[spec.name] ?? [];
          let runs = 0;
          for (const text of { ...REAL_TEXTS, ...realTexts() }[spec.name] ?? texts) {
            const direct = await runCommandWith(tool.name, [...rest, ...needed, `--${spec.name}=${text}`]);
            const path = await configFiles.write(`[${section}]\n${fileKeys(spec)[0]!} = ${formatToml(spec, text)}`);
            const fromFile = await runCommandWith(tool.name, [...rest, ...needed], [path]);
            expect([fromFile.code, fromFile.seen], text).toEqual([direct.code, direct.seen]);
            if (direct.code === 0) runs++;
          }
          // For these a revocation list would have to be there.
          expect(runs > 0 || /^tls-(crl-check|cert-blacklist)/.test(spec.name)).toBe(true);
        });
      }
    }

    it('are all in the sample, and the sample says nothing else', async () => {
      const text = await readFile(new URL('../../conf/astools.conf.sample', import.meta.url), 'utf8');
      for (const spec of tool.options) {
        if (spec.section === undefined) continue;
        const name = findSection(tool, spec);
        const body = text.split(`\n[${name}]\n`)[1]!.split(/\n\[/)[0]!;
        for (const key of [fileKeys(spec)[0]!, ...(spec.keyParts ?? [])]) {
          expect(body, `${name} ${key}`).toContain(`\n#${key} = `);
        }
        // A second name is at least spoken of.
        for (const key of fileKeys(spec).slice(1)) expect(text).toContain(key);
        const shown = new RegExp(`\\n#${fileKeys(spec)[0]!} = "?(.*?)"?\\n`).exec(body)?.[1];
        if (spec.default !== undefined && spec.name !== 'compression-level')
          expect(shown, spec.name).toBe(spec.default);
      }
    });

    it('that the sample shows are valid, with every line of it switched on', async () => {
      const text = await readFile(new URL('../../conf/astools.conf.sample', import.meta.url), 'utf8');
      const on = text.replace(/^#(?=[a-z[])/gm, '');
      expect(on).toContain('\nhost = "127.0.0.1"\n');
      expect(on).not.toMatch(/^#[^ \n]/m);
      const paths = await configFiles.writeAll({
        'astools.conf': on,
        'astools.local.conf': text,
        'astools.d/a.conf': text,
      });
      const { settings, files: seen } = await loadSettings(tool, {
        files: [{ path: paths['astools.conf']!, required: true }],
      });
      expect(seen).toEqual(Object.values(paths));
      const parts = tool.options.filter((spec) => spec.keyParts !== undefined).length;
      expect(settings).toHaveLength(tool.options.filter((spec) => spec.section !== undefined).length);
      expect(parts).toBe(tool.name === 'asrestore' ? 1 : 0);
      const staging = await loadSettings(tool, {
        files: [{ path: paths['astools.conf']!, required: true }],
        instance: 'staging',
      });
      expect(staging.settings.find(({ key }) => key === 'host')?.text).toBe('staging.example.com');
      const untouched = await loadSettings(tool, { files: [{ path: paths['astools.local.conf']!, required: true }] });
      expect(untouched.settings).toEqual([]);
    });
  });
}
