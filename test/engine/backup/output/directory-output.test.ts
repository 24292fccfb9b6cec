import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryOutput } from '../../../../src/engine/backup/output/directory-output.js';
import { fileNumbers } from '../../../../src/engine/backup/output/file-naming.js';
import { Codecs } from '../../../../src/codecs/codecs.js';
import type { ByteSink } from '../../../../src/core/byte-stream.js';
import { StorageRegistry } from '../../../../src/storage/registry.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'output-'));
});
afterEach(() => rm(root, { recursive: true }));

const encoder = new TextEncoder();
const NOTHING = { cursors: new Uint8Array(0), records: 0 };

/** The outputs of workers that share a directory. */
async function outputs(count: number, fileLimitBytes = 100) {
  const plan = {
    kind: 'directory' as const,
    path: root,
    prefix: 'p',
    fileLimitBytes,
    checksums: false,
    numbers: fileNumbers([]),
    header: encoder.encode('H\n'),
    firstHeader: encoder.encode('H\nindexes\n'),
  };
  const pipeline = await Codecs.open();
  const plain = (sink: ByteSink): ByteSink => sink;
  const nothing = (): void => undefined;
  return Array.from(
    { length: count },
    () => new DirectoryOutput(plan, nothing, nothing, pipeline, plain, new StorageRegistry()),
  );
}

const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8');

describe('files of a directory backup', () => {
  it('hold the indexes and UDFs whichever worker comes first, and when one never gets a job', async () => {
    const [first, second, third] = await outputs(3);
    second!.begin();
    third!.begin();
    await third!.write(Buffer.from('r\n'), NOTHING);
    for (const output of [first!, second!, third!]) await output.finish();
    expect((await readdir(root)).sort()).toEqual(['p_00000.asb', 'p_00001.asb']);
    expect(await read('p_00000.asb')).toBe('H\nindexes\n');
    expect(await read('p_00001.asb')).toBe('H\nr\n');
  });

  it('are followed by the next one at the limit, each with the head of a file', async () => {
    const [output] = await outputs(1, 12);
    output!.begin();
    expect(output!.availableBytes()).toBe(2);
    await output!.write(Buffer.from('a\n'), NOTHING);
    expect(output!.availableBytes()).toBe(10);
    await output!.write(Buffer.from('b\n'), NOTHING);
    await output!.finish();
    expect(await read('p_00000.asb')).toBe('H\nindexes\na\n');
    expect(await read('p_00001.asb')).toBe('H\nb\n');
  });
});
