import { describe, expect, it } from 'vitest';
import { main as asbackup } from '../../../src/cli/asbackup.js';
import { backupSchema } from '../../../src/config/backup-constraints.js';
import { main as asrestore } from '../../../src/cli/asrestore.js';
import { restoreSchema } from '../../../src/config/restore-constraints.js';
import { configFileOptions, secretAgentOptions } from '../../../src/config/schema/general.js';
import { longNames, type OptionSpec, type OptionTable } from '../../../src/config/schema/option-spec.js';
import type { ToolSchema } from '../../../src/config/tool-schema.js';
import { parseCommandLine, withoutConstraints } from '../../support/command-line.js';
import { ACCESS_COMPANIONS, ACCESS_TEXTS } from '../../support/security-samples.js';
import { COMPANIONS, REAL_TEXTS, samples } from '../../support/option-samples.js';

/** The options that scripts rely on, with short letter and default, written down apart from the tables. */
const CONNECTION = `
  host h 127.0.0.1 | port p 3000 | user U | password P | auth A INTERNAL | services-alternate S | tls-enable |
  tlsEnable | tlsEncryptOnly | tls-name | tlsName | tls-cafile | tlsCaFile | tls-capath | tlsCaPath | tls-protocols |
  tlsProtocols | tls-cipher-suite | tlsCipherSuite | tls-crl-check | tlsCrlCheck | tls-crl-check-all |
  tls-crl-checkall | tlsCrlCheckAll | tls-cert-blacklist | tls-cert-blackList | tlsCertBlackList |
  tls-log-session-info | tlsLogSessionInfo | tls-keyfile | tlsKeyFile | tls-keyfile-password | tls-certfile |
  tlsCertFile | help Z | usage Z | options Z | version V | verbose v | instance | config-file | no-config-file |
  only-config-file | sa-address - 127.0.0.1 | sa-port - 3005 | sa-timeout - 1000 | sa-cafile | machine m | log-json | compress z |
  encrypt y | encryption-key-file | encryption-key-env | s3-region | s3-profile | s3-endpoint-override |
  s3-max-async-downloads - 32 | s3-connect-timeout - 1000 | s3-log-level - Fatal | s3-allow-system-proxy | no-records R |
  no-indexes I | bin-list B | namespace n | directory d | nice N | socket-timeout - 10000 | total-timeout - 0 |
  max-retries - 5`;
const EXPECTED: Readonly<Record<string, string>> = {
  asbackup: `${CONNECTION} | set s | no-bins x | no-udfs u | output-file o | output-file-prefix q | file-limit F 250 |
    remove-files r | remove-artifacts | continue c | state-file-dst | checkpoint-interval - 10 | estimate e | estimate-samples - 10000 | compact C |
    parallel w 1 | compression-level - 0 | node-list l | partition-list X | after-digest D | filter-exp f |
    modified-after a | modified-before b | no-ttl-only | records-per-second L 0 | max-records M 0 |
    sleep-between-retries - 0 | retry-delay - 0 | prefer-racks | s3-min-part-size | s3-max-async-uploads - 16`,
  asrestore: `${CONNECTION} | directory-list | parent-directory | input-file i | set-list s | unique u | replace r |
    no-generation g | extra-ttl - 0 | ignore-record-error | no-udfs F | indexes-last L | wait w | validate |
    parallel t 20 | threads t 20 | timeout T 10000 | retry-scale-factor - 150000 | sleep-between-retries | retry-delay |
    disable-batch-writes | max-async-batches - 32 | batch-size | event-loops - 1`,
};

/** Where values come from; tested with the configuration files and the secrets. */
const NOT_OF_THE_RUN = [...configFileOptions, ...secretAgentOptions].map(({ name }) => name);

/** Available, and yet without a trace in the options of a run. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  asbackup: [
    ...NOT_OF_THE_RUN,
    'verbose',
    'log-json',
    'progress',
    'azure-calculate-checksum',
    'gcp-calculate-checksum',
  ],
  asrestore: [...NOT_OF_THE_RUN, 'verbose', 'log-json', 'progress', 'event-loops', 'sleep-between-retries'],
};

function parse(tool: ToolSchema<OptionTable>, argv: string[]) {
  const line = parseCommandLine(tool, argv);
  if (line.kind !== 'run') throw new Error(`unexpected ${line.kind}`);
  return line;
}

async function run(name: string, argv: string[]) {
  const lines: string[] = [];
  let ran = false;
  let seen = '';
  const environment = {
    stdout: (text: string) => void lines.push(`OUT ${text}`),
    stderr: (text: string) => void lines.push(text),
    configFiles: [],
    askPassword: () => Promise.resolve('typed'),
    run: (options: object) => {
      ran = true;
      seen = JSON.stringify({ ...options, log: undefined, signal: undefined }, (key, value: unknown) =>
        key === 'log' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
      );
      return Promise.resolve();
    },
  };
  const code = await (name === 'asbackup' ? asbackup : asrestore)(argv, environment);
  return { code, lines, ran, seen };
}

function spellings(spec: OptionSpec): string[] {
  return longNames(spec).map((name) => `--${name}`);
}

/** Shortest prefix of a name that only this row has. */
function shortestPrefix(table: OptionTable, spec: OptionSpec, name: string): string {
  for (let length = 1; length < name.length; length++) {
    const prefix = name.slice(0, length);
    if (!table.some((other) => other !== spec && longNames(other).some((n) => n.startsWith(prefix)))) return prefix;
  }
  return name;
}

for (const tool of [withoutConstraints(backupSchema), withoutConstraints(restoreSchema)]) {
  const base = tool.name === 'asbackup' ? ['-n', 'test', '-d', 'dir'] : ['-i', 'file'];

  describe(`${tool.name} table`, () => {
    it('has every documented spelling, letter and default, and letters for no other option', () => {
      const actual = tool.options.flatMap((spec) =>
        longNames(spec).map((name) => [name, spec.short ?? '-', spec.default ?? ''].join(' ')),
      );
      const expected = EXPECTED[tool.name]!.split('|').map((item) => {
        const [name = '', short = '-', fallback = ''] = item.trim().split(/\s+/);
        return [name, short, fallback].join(' ');
      });
      expect(expected.filter((line) => !actual.includes(line))).toEqual([]);
      const others = actual.filter((line) => !expected.includes(line));
      expect(others.filter((line) => line.split(' ')[1] !== '-')).toEqual([]);
    });

    it('has no letter or spelling twice', () => {
      const all = tool.options.flatMap((spec) => [
        ...longNames(spec),
        ...(spec.short === undefined ? [] : [spec.short]),
      ]);
      expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
    });

    it('has a placeholder for every argument and a default that is valid', () => {
      for (const spec of tool.options) {
        expect(spec.argument === 'none', spec.name).toBe(spec.placeholder === undefined);
        expect(spec.argument === 'none', spec.name).toBe(spec.value.type === 'flag');
        if (spec.default !== undefined) expect(() => parse(tool, [`--${spec.name}`, spec.default!])).not.toThrow();
      }
    });
  });

  for (const spec of tool.options) {
    if (spec.name === 'help' || spec.name === 'version' || spec.removed !== undefined) continue;
    const { good, bad } = samples(spec.value);

    describe(`${tool.name} --${spec.name}`, () => {
      it('is absent by default', () => {
        const { values } = parse(tool, []);
        expect(values.has(spec.name)).toBe(false);
        expect(values.get(spec.name)).toEqual(
          spec.default === undefined
            ? undefined
            : parse(tool, [`--${spec.name}=${spec.default}`]).values.get(spec.name),
        );
      });

      it('takes every spelling and its shortest abbreviation', () => {
        const prefixes = longNames(spec).map((name) => `--${shortestPrefix(tool.options, spec, name)}`);
        for (const spelling of [...spellings(spec), ...prefixes]) {
          if (spec.argument === 'none') {
            expect(parse(tool, [spelling, spelling]).values.has(spec.name), spelling).toBe(true);
            expect(() => parse(tool, [`${spelling}=x`])).toThrow(/takes no value/);
            continue;
          }
          for (const [text, value] of good) {
            expect(parse(tool, [`${spelling}=${text}`]).values.get(spec.name), `${spelling}=${text}`).toEqual(value);
            if (spec.argument === 'optional' && text.startsWith('-')) continue;
            expect(parse(tool, [spelling, text]).values.get(spec.name), `${spelling} ${text}`).toEqual(value);
          }
          if (spec.argument === 'required') expect(() => parse(tool, [spelling])).toThrow(/needs a value/);
        }
      });

      it('takes its letter, attached, separate and bundled', () => {
        if (spec.short === undefined) return;
        const letter = spec.short;
        if (spec.argument === 'none') {
          expect(parse(tool, [`-v${letter}S`]).values.has(spec.name)).toBe(true);
          expect(parse(tool, [`-v${letter}S`]).values.has('services-alternate')).toBe(true);
          return;
        }
        for (const [text, value] of good) {
          if (text !== '') expect(parse(tool, [`-${letter}${text}`]).values.get(spec.name)).toEqual(value);
          if (text !== '') expect(parse(tool, [`-S${letter}${text}`]).values.get(spec.name)).toEqual(value);
          if (spec.argument === 'optional' && text.startsWith('-')) continue;
          expect(parse(tool, [`-${letter}`, text]).values.get(spec.name)).toEqual(value);
          expect(parse(tool, [`-S${letter}`, text]).values.get(spec.name)).toEqual(value);
        }
      });

      it('is refused with one line that names it when the value is wrong', async () => {
        for (const text of bad) {
          const others = spec.name === 'directory-list' ? [] : base;
          const result = await run(tool.name, [...others, `--${spec.name}=${text}`]);
          expect(result.code, text).toBe(1);
          expect(result.ran).toBe(false);
          expect(result.lines, text).toHaveLength(1);
          expect(result.lines[0]).toMatch(/^[-\d]+ [:\d]+ GMT \[ERR\] \[[ \d]{5}\] Invalid value ".*" for --.*\.\n$/s);
          expect(result.lines[0]).toContain(`for --${spec.name}: `);
        }
      });

      it('lets the last one win, or collects', () => {
        if (spec.argument === 'none' || spec.onlyOne !== undefined) return;
        const [text, value] = good.at(-1)!;
        const [before, valueBefore] = good[0]!;
        const { values } = parse(tool, [`--${spec.name}=${before}`, `--${spec.name}=${text}`]);
        expect(values.get(spec.name)).toEqual(
          spec.accumulates === true ? [...(valueBefore as unknown[]), ...(value as unknown[])] : value,
        );
      });

      if (!WITHOUT_EFFECT[tool.name]!.includes(spec.name)) {
        it('reaches the run', async () => {
          const without = await run(tool.name, base);
          const instead =
            spec.name === 'output-file' || spec.name === 'estimate'
              ? ['-n', 'test']
              : spec.name === 'directory'
                ? base.slice(0, 2)
                : base;
          const isInput = ['directory', 'directory-list', 'parent-directory', 'shard'].includes(spec.name);
          const rest = tool.name === 'asrestore' && isInput ? [] : instead;
          const texts = REAL_TEXTS[spec.name] ?? ACCESS_TEXTS[spec.name] ?? good.map(([text]) => text);
          const own = spec.argument === 'none' ? [''] : texts.map((text) => `=${text}`);
          const more = COMPANIONS[spec.name] ?? ACCESS_COMPANIONS[spec.name] ?? [];
          const seen = await Promise.all(
            own.map((text) => run(tool.name, [...rest, ...more, `--${spec.name}${text}`])),
          );
          const effects = seen.filter((result) => result.code === 0 && result.seen !== without.seen);
          expect(effects.length).toBeGreaterThan(0);
        });
      }

      it('takes a secrets: reference only where the table says so', async () => {
        if (spec.argument === 'none') return;
        const takes = spec.secrets === true;
        const given = `--${spec.name}=secrets:r:k`;
        if (!takes && spec.value.type === 'integer') {
          expect(() => parse(tool, [given])).toThrow(/expected a whole number/);
        } else {
          expect(parse(tool, [given]).pending.map((word) => word.spec.name)).toEqual(takes ? [spec.name] : []);
        }
        if (!takes) return;
        const more = spec.name === 'namespace' && tool.name === 'asbackup' ? ['-d', 'x'] : base;
        const result = await run(tool.name, [...more, given, '--sa-timeout=0']);
        expect(result.code).toBe(1);
        expect(result.ran).toBe(false);
      });
    });
  }
}
