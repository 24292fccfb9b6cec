import { describe, expect, it } from 'vitest';
import { type BackupCommand, toBackupConfig } from '../../src/config/backup-config.js';
import { backupSchema } from '../../src/config/backup-constraints.js';
import { engineProperties } from '../../src/config/engine-config.js';
import { givenFromSettings } from '../../src/config/from-settings.js';
import { toRestoreConfig } from '../../src/config/restore-config.js';
import { restoreSchema } from '../../src/config/restore-constraints.js';
import { resolve } from '../../src/config/resolve.js';
import { apiNames, type OptionSpec, type OptionTable } from '../../src/config/schema/option-spec.js';
import { createIdentity } from '../../src/engine/backup/checkpoint/identity.js';
import { COMPANIONS, REAL_TEXTS, samples } from '../support/option-samples.js';
import { parseCommandLine } from '../support/command-line.js';

const dependencies = {
  log: { info: () => undefined, error: () => undefined, verbose: () => undefined },
  signal: new AbortController().signal,
};

async function backupConfig(settings: object): Promise<BackupCommand> {
  const given = givenFromSettings(backupSchema.options, settings);
  const { values } = await resolve(backupSchema, { given });
  return toBackupConfig(values, dependencies);
}

async function restoreConfig(settings: object) {
  const given = givenFromSettings(restoreSchema.options, settings);
  const { values } = await resolve(restoreSchema, { given });
  return toRestoreConfig(values, dependencies);
}

/** A typed value as the library takes it, made of a sample of the command line. */
function typedValue(spec: OptionSpec, value: unknown): unknown {
  switch (spec.value.type) {
    case 'password':
      return (value as { text: string }).text;
    case 'pem':
      return (value as { path: string }).path;
    case 'input':
      return (value as { path?: string }).path;
    case 'hosts':
      return (value as { entries: unknown[] }).entries;
    case 'nodes':
      return ['1.2.3.4:3000', '[::1]:1'];
    case 'partitions':
      return '5,0-2';
    case 'time':
      return new Date(value as number);
    default:
      return value;
  }
}

function nest(name: string, value: unknown): object {
  const [group, rest] = name.split('.');
  return rest === undefined ? { [name]: value } : { [group!]: { [rest]: value } };
}

for (const { name: tool, options } of [backupSchema, restoreSchema] as { name: string; options: OptionTable }[]) {
  describe(`settings of the library for ${tool}`, () => {
    for (const spec of options) {
      const [name] = apiNames(spec);
      if (name === undefined || spec.value.type === 'flag' || spec.value.type === 'throttle') continue;
      it(`${name} has the value that ${spec.name} has on the command line`, () => {
        const { good } = samples(spec.value);
        for (const [, value] of good.filter(([text]) => text !== '' && !text.startsWith('-'))) {
          const given = givenFromSettings(options, nest(name, typedValue(spec, value)));
          const own = given.find((option) => option.spec === spec);
          if (spec.value.type === 'password') expect(own?.value).toMatchObject({ literal: true });
          else if (spec.value.type === 'hosts' || spec.value.type === 'nodes')
            expect(own?.value).toMatchObject({ entries: (value as { entries: unknown }).entries });
          else expect(own?.value).toEqual(value);
        }
      });
    }

    it('has a name of its own for every setting of a value', () => {
      const names = options.flatMap((spec) => (typeof spec.api === 'string' ? [spec.api] : []));
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    });
  });
}

describe('settings of the library', () => {
  it('reach S3: no option of it is for the command line alone', () => {
    const s3 = { region: 'eu', endpoint: 'http://x', minPartSizeMiB: 8, maxUploads: 3, logLevel: 'Debug' };
    const { values } = parseCommandLine(backupSchema, ['-n', 'n', '-d', 'd']);
    for (const { spec, value } of givenFromSettings(backupSchema.options, { s3 })) values.set(spec, value!);
    expect(engineProperties(backupSchema.options, values, 's3')).toEqual({
      region: 'eu',
      endpoint: 'http://x',
      minPartBytes: 8 * 1024 * 1024,
      maxUploads: 3,
      maxDownloads: 32,
      connectTimeoutMs: 1000,
      logLevel: 'Debug',
      calculateChecksum: false,
      virtualHost: false,
    });
  });

  it('may be names that the command line has no form for', async () => {
    const sets = ['a"b\'c', 'x,y', ' '];
    expect((await backupConfig({ namespace: 'n', directory: 'd', sets })).sets).toEqual(sets);
    expect((await restoreConfig({ directory: 'd', sets })).sets).toEqual(sets);
  });

  it('set one limit of two without the other', async () => {
    const config = await restoreConfig({ directory: 'd', recordsPerSecond: 5 });
    expect(config.recordsPerSecond).toBe(5);
    expect(config).not.toHaveProperty('bandwidthBytesPerSecond');
  });

  it.each<[object, string]>([
    [{ s3: { regoin: 'x' } }, 'There is no setting "s3.regoin"; did you mean "region"?'],
    [{ s3: 'x' }, 'Invalid value "x" for s3: expected an object'],
    [{ tls: { ca: 'x', caFile: 'y' } }, 'Only one of tls.ca and tls.caFile can be given'],
    [{ tls: { crlCheck: 'some' } }, 'Invalid value "some" for tls.crlCheck: expected "leaf" or "all"'],
    [{ noBins: 'yes' }, 'Invalid value "yes" for noBins: expected true or false'],
    [{ sets: 'a' }, 'Invalid value "a" for sets: expected a list'],
    [{ auth: { password: 5 } }, 'Invalid value for auth.password: expected a text'],
    [{ modifiedAfter: new Date(NaN) }, 'Invalid value for modifiedAfter: expected a date after 1970-01-01'],
    [{ afterDigest: Buffer.alloc(3) }, 'Invalid value for afterDigest: expected a digest of 20 bytes'],
    [{ hosts: [{ host: '' }] }, 'Invalid value for hosts: a host is empty'],
  ])('%o is refused in the terms of the library', (settings, message) => {
    expect(() => givenFromSettings(backupSchema.options, settings)).toThrow(message);
  });
});

describe('options that identify the contents of a backup', () => {
  const base = ['-n', 'test', '-d', 'd'];
  const needsOther: Readonly<Record<string, readonly string[]>> = {
    namespace: ['-d', 'd'],
    directory: ['-n', 'test'],
    'output-file': ['-n', 'test'],
  };

  function identity(argv: readonly string[]): string {
    const { values } = parseCommandLine(backupSchema, argv);
    return JSON.stringify(createIdentity({ ...toBackupConfig(values, dependencies), ...dependencies }));
  }

  for (const spec of backupSchema.options as OptionTable) {
    if (spec.value.type === 'flag' || spec.removed !== undefined || spec.section !== 'tool') continue;
    it(`${spec.name} ${spec.identity === true ? 'changes' : 'does not change'} the identity`, () => {
      const rest = needsOther[spec.name] ?? base;
      const companions = COMPANIONS[spec.name] ?? [];
      const texts = REAL_TEXTS[spec.name] ?? samples(spec.value).good.map(([text]) => text);
      const before = identity([...base, ...companions.filter((word) => !/^--(?:encrypt|s3-object-lock)/.test(word))]);
      const changed: string[] = [];
      for (const text of texts) {
        try {
          changed.push(identity([...rest, ...companions, `--${spec.name}=${text}`]));
        } catch {
          // A sample may be outside the bounds of a constraint.
        }
      }
      expect(changed.some((each) => each !== before)).toBe(spec.identity === true);
    });
  }
});
