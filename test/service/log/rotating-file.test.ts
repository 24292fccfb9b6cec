import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RotatingFile, type RotatingFileOptions } from '../../../src/service/log/rotating-file.js';

const DAY_MS = 86_400_000;

describe('RotatingFile', () => {
  let directory: string;
  let now: number;
  let errors: unknown[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'asbackup-log-'));
    now = Date.parse('2026-05-02T01:00:00Z');
    errors = [];
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function openFile(options: Partial<RotatingFileOptions> = {}): RotatingFile {
    return new RotatingFile({
      path: join(directory, 'service.log'),
      maxBytes: 10,
      maxAgeMs: 0,
      maxBackups: 0,
      compress: false,
      now: () => new Date(now),
      onError: (error) => errors.push(error),
      ...options,
    });
  }

  const read = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(directory)
        .sort()
        .map((name) => {
          const bytes = readFileSync(join(directory, name));
          return [name, (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()];
        }),
    );

  it('goes on with the file that is there, and begins a new one when a line would make it too large', async () => {
    writeFileSync(join(directory, 'service.log'), 'first\n');
    const file = openFile();
    file.write('abc\n');
    file.write('def\n');
    now += 1000;
    file.write('longer than ten bytes\n');
    await file.close();
    expect(read()).toEqual({
      'service-2026-05-02T01-00-00.000.log': 'first\nabc\n',
      'service-2026-05-02T01-00-01.000.log': 'def\n',
      'service.log': 'longer than ten bytes\n',
    });
    expect(errors).toEqual([]);
  });

  it('loses no line when it is rotated twice within a millisecond', async () => {
    const file = openFile({ maxBytes: 1 });
    for (const line of ['1\n', '2\n', '3\n', '4\n']) file.write(line);
    await file.close();
    expect(Object.values(read())).toEqual(['1\n', '2\n', '3\n', '4\n']);
  });

  it('keeps the newest files and compresses them where it is to do so', async () => {
    const file = openFile({ maxBytes: 1, maxBackups: 2, compress: true });
    for (const line of ['1\n', '2\n', '3\n', '4\n']) {
      now += 1000;
      file.write(line);
    }
    await file.close();
    expect(read()).toEqual({
      'service-2026-05-02T01-00-03.000.log.gz': '2\n',
      'service-2026-05-02T01-00-04.000.log.gz': '3\n',
      'service.log': '4\n',
    });
  });

  it('deletes files that are too old, and no other file of the directory', async () => {
    for (const name of [
      'service-2026-04-01T00-00-00.000.log',
      'service-2026-05-01T00-00-00.000.log',
      'service-x.log',
    ]) {
      writeFileSync(join(directory, name), '');
    }
    mkdirSync(join(directory, 'service-2026'));
    await openFile({ maxAgeMs: 7 * DAY_MS }).close();
    expect(readdirSync(directory).sort()).toEqual([
      'service-2026',
      'service-2026-05-01T00-00-00.000.log',
      'service-x.log',
      'service.log',
    ]);
  });

  it('gives other users no access to the file', async () => {
    const file = openFile();
    file.write('a\n');
    await file.close();
    expect(statSync(join(directory, 'service.log')).mode & 0o007).toBe(0);
  });

  it('reports an error and goes on when the file cannot be written', async () => {
    const file = openFile();
    file.write('12345678\n');
    rmSync(directory, { recursive: true });
    file.write('this begins a new file\n');
    expect(errors).toHaveLength(1);
    mkdirSync(directory);
    file.write('again\n');
    await file.close();
    expect(read()).toEqual({ 'service.log': 'again\n' });
  });
});
