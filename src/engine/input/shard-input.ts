/** Which of the files a shard of a restore or a validation reads. */
import { basename } from 'node:path';
import type { Shard } from '../../core/shard.js';
import type { BackupFile } from '../../storage/storage.js';
import { type Input, toJob } from './input.js';

/**
 * Every N-th file, in the order of the paths, so that all shards agree and each gets files of every shard of a backup.
 * `files` stays the list of all: what is missing is missing for everyone.
 */
export function takeShardOfInput({ parts }: Input, { index, count }: Shard): Input {
  let position = 0;
  let expectedBytes = 0;
  const taken = parts.map((part) => {
    const files = [...part.files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const own = files.filter(() => position++ % count === index);
    expectedBytes += own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const jobs = own.map(toJob);
    return { ...part, files, jobs };
  });
  return { parts: taken, expectedBytes };
}

/**
 * Files that may hold indexes and modules. Others need not be opened by a shard that restores neither; all files, where
 * none has the name of a first one.
 */
export function findFirstFiles(files: readonly BackupFile[]): readonly BackupFile[] {
  const first = files.filter(({ path }) => {
    const name = basename(path);
    return name.startsWith('metadata_') || !/_\d{5,}\.asb$/.test(name) || name.endsWith('_00000.asb');
  });
  return first.length === 0 ? files : first;
}
