/** What every storage has to do, whatever it is made of. A test file calls `describeStorage` for its storage. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ByteSource } from '../../src/core/byte-stream.js';
import { canonicalPath, joinPath } from '../../src/storage/paths.js';
import { isBackupFileName, listBackupFiles, type ResumePoint, type Storage } from '../../src/storage/storage.js';

export interface StorageUnderTest {
  /** Opens the storage as a new process does; every call gives an independent instance. */
  open(): Storage;
  /** A directory, or a prefix, that is empty and belongs to this test. */
  directory: string;
  /** Bytes that a checkpoint needs to be durable: 1, or the minimum size of a part. */
  minDurableBytes: number;
  /** Overwrites the file at `path` from outside of the storage. */
  overwrite(path: string, bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

export function describeStorage(name: string, setup: () => Promise<StorageUnderTest>): void {
  describe(`${name} as a storage`, () => {
    let under: StorageUnderTest;
    let storage: Storage;
    let count = 0;
    beforeAll(async () => {
      under = await setup();
      storage = under.open();
      await storage.ensureDirectory(under.directory);
    });
    afterAll(() => under.close());

    const newPath = (suffix = '.asb'): string => joinPath(under.directory, `file${count++}${suffix}`);
    const newDirectory = async (): Promise<string> => {
      const path = joinPath(under.directory, `dir${count++}`);
      await storage.ensureDirectory(path);
      return path;
    };
    const write = async (path: string, bytes: Buffer): Promise<string | undefined> => {
      const sink = await storage.create(path, bytes.length);
      for (let at = 0; at < bytes.length; at += 700_001) await sink.write(bytes.subarray(at, at + 700_001));
      await sink.close();
      return sink.identity;
    };
    const read = async (path: string): Promise<Buffer> => readAll(await storage.open(path));

    describe('files', () => {
      it.each([0, 1, 16, 100_000, 6 * 1024 * 1024 + 13])(
        'a file of %i bytes is read as it was written',
        async (size) => {
          const [path, bytes] = [newPath(), randomBytes(size)];
          await write(path, bytes);
          expect((await read(path)).equals(bytes)).toBe(true);
          expect(await storage.stat(path)).toMatchObject({ path, sizeBytes: size, kind: 'regular' });
        },
      );

      it('the first bytes of a file are read without the rest', async () => {
        const [path, bytes] = [newPath(), randomBytes(100_000)];
        await write(path, bytes);
        const source = await storage.open(path, { chunkBytes: 4096 });
        expect((await source.read())?.equals(bytes.subarray(0, 4096))).toBe(true);
        await source.close();
        await source.close();
      });

      it('a reader that is closed during a read ends', async () => {
        const path = newPath();
        await write(path, randomBytes(2_000_000));
        const source = await storage.open(path);
        await source.read();
        const pending = source.read();
        await source.close();
        await pending;
      });

      it('a chunk may be reused as soon as its write has settled', async () => {
        const path = newPath();
        const sink = await storage.create(path, 0);
        const chunk = Buffer.alloc(1000, 1);
        await sink.write(chunk);
        chunk.fill(2);
        await sink.write(chunk);
        await sink.close();
        expect(await read(path)).toEqual(Buffer.concat([Buffer.alloc(1000, 1), Buffer.alloc(1000, 2)]));
      });

      it('a file that is missing is an error with its path, and not an empty file', async () => {
        const path = newPath();
        const readFirst = async (): Promise<Buffer | undefined> => (await storage.open(path)).read();
        await expect(storage.stat(path)).rejects.toThrow(path);
        await expect(readFirst()).rejects.toThrow(path);
        await expect(storage.readSmall(path, 'the state file')).rejects.toThrow(path);
        expect(await storage.exists('file', path)).toBe(false);
      });

      it('a file that was aborted before it was durable is not taken for a complete one', async () => {
        const path = newPath();
        const sink = await storage.create(path, 0);
        await sink.write(Buffer.from('beginning'));
        await sink.abort();
        if (await storage.exists('file', path)) expect((await storage.stat(path)).sizeBytes).toBeLessThanOrEqual(9);
        expect(await storage.listUnfinished(under.directory)).toEqual([]);
      });
    });

    describe('directories', () => {
      it('lists the files of a directory sorted by name, and not those of others', async () => {
        const directory = await newDirectory();
        const other = `${directory}2`;
        await storage.ensureDirectory(other);
        for (const name of ['b_00001.asb', 'a_00000.asb', 'notes.txt', '.asb']) {
          await write(joinPath(directory, name), Buffer.from(name));
        }
        await write(joinPath(other, 'c_00000.asb'), Buffer.from('c'));
        expect((await storage.list(directory)).map(({ name }) => name)).toEqual([
          '.asb',
          'a_00000.asb',
          'b_00001.asb',
          'notes.txt',
        ]);
        expect(await listBackupFiles(storage, directory)).toEqual(['a_00000.asb', 'b_00001.asb']);
        expect(isBackupFileName('.asb')).toBe(false);
      });

      it('lists the directories of a directory sorted by name, and none of a directory that is missing', async () => {
        const directory = await newDirectory();
        expect(await storage.listDirectories(directory)).toEqual([]);
        for (const name of ['b', 'a']) {
          await storage.ensureDirectory(joinPath(directory, name));
          await write(joinPath(joinPath(directory, name), 'x.asb'), Buffer.of(1));
        }
        await write(joinPath(directory, 'c.asb'), Buffer.of(1));
        expect(await storage.listDirectories(directory)).toEqual(['a', 'b']);
        expect(await storage.listDirectories(joinPath(directory, 'missing'))).toEqual([]);
      });

      it('deletes the named files of a directory and no other', async () => {
        const directory = await newDirectory();
        for (const name of ['a_00000.asb', 'a_00001.asb', 'keep.txt'])
          await write(joinPath(directory, name), Buffer.of(1));
        await storage.deleteFiles(directory, ['a_00000.asb', 'a_00001.asb']);
        expect((await storage.list(directory)).map(({ name }) => name)).toEqual(['keep.txt']);
        await storage.deleteFiles(directory, []);
      });

      it('deletes a file, and reports one that is missing unless that is allowed', async () => {
        const path = newPath();
        await write(path, Buffer.of(1));
        await storage.deleteFile(path, 'throw');
        expect(await storage.exists('file', path)).toBe(false);
        await storage.deleteFile(path, 'ignore');
        await expect(storage.deleteFile(path, 'throw')).rejects.toThrow(path);
      });

      it('accepts an empty directory as a target, and removes it', async () => {
        const directory = await newDirectory();
        expect(await storage.validateTarget('directory', directory)).toBeUndefined();
        expect(await storage.removeDirectory(directory)).toBeUndefined();
      });

      it('every spelling of a path has one canonical form', () => {
        expect(canonicalPath(`${under.directory}/`)).toBe(canonicalPath(under.directory));
      });
    });

    describe('an interrupted backup', () => {
      /** Writes until something is durable, then more; the run dies without a word. */
      const interrupt = async (path: string, durable: Buffer): Promise<ResumePoint> => {
        const sink = await storage.create(path, 0);
        await sink.write(durable);
        const bytes = await sink.sync();
        const { token } = sink;
        await sink.write(Buffer.alloc(1000, 'lost'));
        await sink.abort();
        return token === undefined ? { bytes } : { bytes, token };
      };

      it('is continued after its last checkpoint without a byte missing or twice', async () => {
        const path = newPath();
        const [start, rest] = [randomBytes(under.minDurableBytes + 5), randomBytes(1234)];
        const point = await interrupt(path, start);
        expect(point.bytes).toBe(start.length);
        const next = under.open();
        expect(await next.checkResumable(path, point)).toBeUndefined();
        const kept = await next.truncateTo(path, point);
        expect(kept?.bytes).toBe(point.bytes);
        expect(await next.readHead(path, kept!)).toEqual(start.subarray(0, 16));
        const sink = await next.resume(path, kept!);
        await sink.write(rest);
        await sink.close();
        expect((await read(path)).equals(Buffer.concat([start, rest]))).toBe(true);
        expect(await next.verifyWritten(path, sink.identity!)).toBeUndefined();
      });

      it('is continued from its checkpoint also if the file was completed before that was saved', async () => {
        const path = newPath();
        const [start, rest] = [randomBytes(under.minDurableBytes + 5), randomBytes(77)];
        const first = await storage.create(path, 0);
        await first.write(start);
        const bytes = await first.sync();
        const { token } = first;
        await first.write(Buffer.alloc(500, 'again'));
        await first.close();
        const point = token === undefined ? { bytes } : { bytes, token };
        const next = under.open();
        expect(await next.checkResumable(path, point)).toBeUndefined();
        const kept = await next.truncateTo(path, point);
        const sink = await next.resume(path, kept!);
        await sink.write(rest);
        await sink.close();
        expect((await read(path)).equals(Buffer.concat([start, rest]))).toBe(true);
      });

      it('is not continued if its file is gone', async () => {
        const path = newPath();
        const point = await interrupt(path, randomBytes(under.minDurableBytes + 5));
        await storage.deleteFile(path, 'ignore');
        expect(await under.open().checkResumable(path, point)).toMatch(/missing|gone/);
      });
    });

    describe('a file that was written', () => {
      it('is verified by its identity', async () => {
        const path = newPath();
        const identity = await write(path, randomBytes(5000));
        expect(await storage.verifyWritten(path, identity!)).toBeUndefined();
      });

      it('is reported when it was deleted', async () => {
        const path = newPath();
        const identity = await write(path, randomBytes(5000));
        await storage.deleteFile(path, 'throw');
        expect(await storage.verifyWritten(path, identity!)).toContain('was deleted');
      });

      it('is reported when it is shorter', async () => {
        const path = newPath();
        const identity = await write(path, randomBytes(5000));
        await under.overwrite(path, Buffer.alloc(4999));
        expect(await storage.verifyWritten(path, identity!)).toContain('4999 bytes, but 5000');
      });

      it('is reported when another of the same length is there', async () => {
        const path = newPath();
        const identity = await write(path, randomBytes(5000));
        await storage.deleteFile(path, 'throw');
        await under.overwrite(path, Buffer.alloc(5000));
        expect(await storage.verifyWritten(path, identity!)).toContain('was replaced');
      });
    });

    describe('small files', () => {
      it('are replaced as a whole', async () => {
        const path = newPath('.state');
        for (const text of ['first\n', 'the second, longer than the first\n', '3\n']) {
          await storage.writeSmall(path, text, 'the state file');
          expect((await storage.readSmall(path, 'the state file')).toString()).toBe(text);
        }
      });

      it('leave nothing beside them', async () => {
        const directory = await newDirectory();
        const path = joinPath(directory, 'x.state');
        await storage.writeSmall(path, 'a', 'the state file');
        await storage.writeSmall(path, 'b', 'the state file');
        await storage.createExclusive(joinPath(directory, 'y.lock'), 'c');
        await storage.createExclusive(joinPath(directory, 'y.lock'), 'd');
        expect((await storage.list(directory)).map(({ name }) => name)).toEqual(['x.state', 'y.lock']);
      });
    });

    describe('locks', () => {
      it('of many runs that start at the same moment one gets the lock', async () => {
        const path = newPath('.lock');
        const runs = await Promise.all(
          Array.from({ length: 8 }, (_, i) => under.open().createExclusive(path, `run ${i}\n`)),
        );
        expect(runs.filter((won) => won)).toHaveLength(1);
        expect((await storage.readVersion(path))?.text).toBe(`run ${runs.indexOf(true)}\n`);
      });

      it('a lock that is missing has no version', async () => {
        expect(await storage.readVersion(newPath('.lock'))).toBeUndefined();
      });

      it('a heartbeat keeps the lock and changes its version', async () => {
        const path = newPath('.lock');
        await storage.createExclusive(path, 'beat 1');
        const first = (await storage.readVersion(path))!;
        expect(first.ageMs).toBeLessThan(60_000);
        const second = await storage.refresh(path, first.version, 'beat 2, longer');
        expect(second).toBeDefined();
        expect(second).not.toBe(first.version);
        const third = await storage.refresh(path, second!, 'beat 3');
        expect(await storage.readVersion(path)).toMatchObject({ text: 'beat 3', version: third });
      });

      it('a run whose lock was taken over learns it from its next heartbeat', async () => {
        const path = newPath('.lock');
        await storage.createExclusive(path, 'stale run');
        const { version } = (await storage.readVersion(path))!;
        expect(await under.open().replaceIfUnchanged(path, version, 'new run')).toBeDefined();
        expect(await storage.refresh(path, version, 'stale run, again')).toBeUndefined();
        expect(await storage.deleteIfUnchanged(path, version)).toBe(false);
        expect((await storage.readVersion(path))?.text).toBe('new run');
      });

      it('a lock that its owner has refreshed meanwhile is not taken over', async () => {
        const path = newPath('.lock');
        await storage.createExclusive(path, 'slow run, beat 1');
        const { version } = (await storage.readVersion(path))!;
        const refreshed = await storage.refresh(path, version, 'slow run, beat 2');
        expect(await under.open().replaceIfUnchanged(path, version, 'new run')).toBeUndefined();
        expect(await storage.readVersion(path)).toMatchObject({ text: 'slow run, beat 2', version: refreshed });
      });

      it('of many runs that take over a stale lock at most one gets it', async () => {
        const path = newPath('.lock');
        await storage.createExclusive(path, 'stale run');
        const { version } = (await storage.readVersion(path))!;
        const versions = await Promise.all(
          Array.from({ length: 6 }, (_, i) => under.open().replaceIfUnchanged(path, version, `run ${i}`)),
        );
        const winners = versions.flatMap((won, i) => (won === undefined ? [] : [i]));
        expect(winners.length).toBeLessThanOrEqual(1);
        if (winners.length === 1) expect((await storage.readVersion(path))?.text).toBe(`run ${winners[0]!}`);
      });

      it('a lock is deleted by its owner', async () => {
        const path = newPath('.lock');
        await storage.createExclusive(path, 'run');
        const { version } = (await storage.readVersion(path))!;
        expect(await storage.deleteIfUnchanged(path, version)).toBe(true);
        expect(await storage.readVersion(path)).toBeUndefined();
        expect(await storage.deleteIfUnchanged(path, version)).toBe(false);
      });
    });
  });
}

async function readAll(source: ByteSource): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let chunk = await source.read(); chunk !== undefined; chunk = await source.read())
    chunks.push(Buffer.from(chunk));
  await source.close();
  return Buffer.concat(chunks);
}
