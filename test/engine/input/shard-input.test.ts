import { describe, expect, it } from 'vitest';
import { findFirstFiles, takeShardOfInput } from '../../../src/engine/input/shard-input.js';
import type { Input } from '../../../src/engine/input/input.js';

const toFile = (path: string): { path: string; sizeBytes: number; kind: 'regular' } => ({
  path,
  sizeBytes: 10,
  kind: 'regular',
});

function inputFrom(...directories: string[][]): Input {
  return {
    parts: directories.map((paths, i) => ({
      directory: String(i),
      files: paths.map(toFile),
      jobs: paths.map((path) => ({ path, metadataDone: 0 })),
    })),
    expectedBytes: 0,
  };
}

describe('the files of a shard', () => {
  it('are every N-th, in whatever order they are listed', () => {
    const input = inputFrom(['d/c.asb', 'd/a.asb'], ['e/b.asb', 'e/a.asb', 'e/z.asb']);
    const taken = [0, 1].map((index) => takeShardOfInput(input, { index, count: 2 }));
    const paths = taken.map(({ parts }) => parts.flatMap(({ jobs }) => jobs.map(({ path }) => path)));
    expect(paths).toEqual([
      ['d/a.asb', 'e/a.asb', 'e/z.asb'],
      ['d/c.asb', 'e/b.asb'],
    ]);
    expect(taken.map(({ expectedBytes }) => expectedBytes)).toEqual([30, 20]);
    expect(taken[0]!.parts.map(({ files }) => files.length)).toEqual([2, 3]);
  });

  it('with indexes, are the first ones of each backup, and others whose name tells nothing', () => {
    const names = ['t-0of2_00000.asb', 't-1of2_00000.asb', 't_00001.asb', 'metadata_t_00000.asb', 'x.asb'];
    const first = findFirstFiles(names.map(toFile)).map(({ path }) => path);
    expect(first).toEqual(['t-0of2_00000.asb', 't-1of2_00000.asb', 'metadata_t_00000.asb', 'x.asb']);
    expect(findFirstFiles([toFile('t_00007.asb')])).toHaveLength(1);
  });
});
