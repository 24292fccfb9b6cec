import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ANY_TOOL, ConfigFiles, failure, readFiles, runCommandWith } from '../../support/config-files.js';

const configFiles = new ConfigFiles();

describe('what a file must not say', () => {
  it.each([
    ['[asbackup]\nbin_list = "a"', '2: unknown key "bin_list" in [asbackup]; did you mean bin-list?'],
    ['[asbackup]\npercent = 5', '2: unknown key "percent" in [asbackup].'],
    ['[asbackup]\nport = 5', '2: unknown key "port" in [asbackup]; it belongs in [cluster].'],
    ['[cluster]\nNamespace = "n"', '2: unknown key "Namespace" in [cluster]; it belongs in [asbackup].'],
    [
      '[cluster]\nservices-alternate = true',
      '2: unknown key "services-alternate" in [cluster]; did you mean use-services-alternate?',
    ],
    ['[cluster]\ntls-log-session-info = true', '2: unknown key "tls-log-session-info" in [cluster].'],
    ['[secret-agent]\nsa-adress = "a"', '2: unknown key "sa-adress" in [secret-agent]; did you mean sa-address?'],
    ['[asbackup]\ns3.region = "x"', '2: unknown key "s3" in [asbackup].'],
    ['[asbackup]\nparallel = 101', '2: invalid value "101" for parallel: expected a whole number from 1 to 100.'],
    [
      '[asbackup]\nparallel = 99999999999999999999',
      '2: invalid value "99999999999999999999" for parallel: expected a whole number from 1 to 100.',
    ],
    ['[cluster]\nport = "3000"', '2: port must be a whole number, without quotes, not text in quotes.'],
    ['asbackup = 1', '1: asbackup must be a section that begins with [asbackup].'],
    ['\n[[cluster]]\nport = 1', '2: cluster must be a section that begins with [cluster].'],
    ['[cluster]\nport = 1\nport = 2', '3: not TOML at column 1: defining a key multiple times is invalid.'],
    ['[cluster]\npassword = hunter2', '2: not TOML at column 12: unexpected character.'],
    ['[cluster]\npassword = "hunter2', '2: not TOML at column 20: unterminated string constant.'],
    ['[cluster]\npassword = 5', '2: password must be text in quotes, not a whole number.'],
    ['[cluster]\nport = 010', '2: not TOML at column 8: leading zeros are not allowed.'],
  ])('%j', async (text, message) => {
    const path = await configFiles.write(text);
    const { code, lines, seen } = await runCommandWith('asbackup', ['-n', 'n', '-d', 'd', '-v'], [path]);
    expect(code).toBe(1);
    expect(seen).toBeUndefined();
    expect(lines[0]?.replace(/^.*\[ERR\] \[.{5}\] /, '')).toBe(`${path}:${message}\n`);
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('is reported even if the command line overrides it, but not if it is for another tool', async () => {
    const path = await configFiles.write('[cluster]\nport = 0\n[asrestore]\nnonsense = 1\n[aql]\nx = 1');
    expect(await failure(readFiles(ANY_TOOL.asbackup, [path], ['-p', '5']))).toContain(`${path}:2: invalid value "0"`);
    expect(await failure(readFiles(ANY_TOOL.asbackup, [await configFiles.write('[asrestore]\nnonsense = 1')]))).toBe(
      'no error',
    );
  });

  it('is bytes that are no text; a byte order mark and CR LF do no harm', async () => {
    const path = await configFiles.write('');
    await writeFile(path, Buffer.from('5b61ff5d', 'hex'));
    expect(await failure(readFiles(ANY_TOOL.asbackup, [path]))).toBe(`${path}: the file is not UTF-8 text.`);
    await writeFile(path, '\uFEFF[cluster]\r\nport = 5\r\n');
    expect((await readFiles(ANY_TOOL.asbackup, [path])).values.get('port')).toBe(5);
  });
});
