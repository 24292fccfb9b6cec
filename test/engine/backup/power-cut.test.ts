/**
 * A power cut at any point of a local backup: the directory can be continued without loss, or it is complete. The run
 * is that of two workers with their checkpoints; only the scan is replaced by made-up records.
 */
import { describe, expect, it } from 'vitest';
import { CURSOR_HEAD_BYTES, CursorKind } from '../../../src/aerospike/commands/partition-tracker.js';
import { Codecs } from '../../../src/codecs/codecs.js';
import { Checkpointer } from '../../../src/engine/backup/checkpoint/checkpointer.js';
import { RunLock } from '../../../src/engine/backup/checkpoint/lock.js';
import { PartitionProgress } from '../../../src/engine/backup/checkpoint/partition-progress.js';
import { loadState, type BackupState } from '../../../src/engine/backup/checkpoint/state-file.js';
import { DirectoryOutput } from '../../../src/engine/backup/output/directory-output.js';
import { fileNumbers } from '../../../src/engine/backup/output/file-naming.js';
import { LocalStorage } from '../../../src/storage/local/storage.js';
import type { StorageAccess } from '../../../src/storage/registry.js';
import type { ResumedFile } from '../../../src/engine/backup/worker-protocol.js';
import { CrashFileSystem, type DiskImage } from '../../support/crash-fs.js';

const DIRECTORY = '/backup';
const STATE = `${DIRECTORY}/test.asb.state`;
const LOCK = `${DIRECTORY}/test.lock`;
const HEADER = 'Version 3.1\n# namespace test\n';
const RECORD_BYTES = 100;
const FILE_LIMIT_BYTES = 700;
const RECORDS = 40;
/** Images tried at each point: nothing unsynchronized, all of it, and some at random. */
const RANDOM_IMAGES = 4;

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function record(number: number): string {
  return `+ record ${number} `.padEnd(RECORD_BYTES - 1, 'x') + '\n';
}

function storagesOn(disk: CrashFileSystem): StorageAccess {
  const storage = new LocalStorage({}, undefined, disk.fileSystem);
  return {
    forPath: () => Promise.resolve(storage),
    openChannels: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

/** The cursor of a partition that is done: record N is all of partition N. */
function partitionDone(partition: number): Uint8Array<ArrayBuffer> {
  const cursor = new Uint8Array(CURSOR_HEAD_BYTES);
  new DataView(cursor.buffer).setUint16(0, partition, true);
  cursor[2] = CursorKind.DONE;
  return cursor;
}

/** Writes the records that `saved` lacks, and removes the state at the end. */
async function runBackup(disk: CrashFileSystem, saved?: BackupState): Promise<void> {
  const storages = storagesOn(disk);
  const pipeline = await Codecs.open();
  const lock = await RunLock.acquire({
    paths: [LOCK],
    runId: 'run',
    storages,
    signal: new AbortController().signal,
    onLost: (error) => {
      throw error;
    },
  });
  const state: BackupState = saved ?? {
    runId: 'run',
    target: DIRECTORY,
    identity: { namespace: 'test' },
    cluster: { name: '', nodes: ['BB9F1'] },
    filters: [{ kind: 'range', begin: 0, count: 4096 }],
    cursors: new PartitionProgress(),
    files: [],
    counters: { records: 0, bytes: 0, sindexes: 0, udfs: 0 },
  };
  const checkpointer = new Checkpointer({ path: STATE, state, storages, lock, emit: () => undefined });
  await checkpointer.begin();
  const storage = await storages.forPath(DIRECTORY);
  const kept: ResumedFile[] = [];
  for (const { name, bytes } of state.files) {
    await storage.truncateTo(`${DIRECTORY}/${name}`, { bytes });
    kept.push({ name, bytes });
  }
  for (const { name } of await storage.list(DIRECTORY)) {
    if (name.endsWith('.asb') && !kept.some((file) => file.name === name)) await storage.deleteFiles(DIRECTORY, [name]);
  }
  const numbers = fileNumbers(kept.map(({ name }) => Number(/_(\d+)\.asb$/.exec(name)![1])));
  const open = kept.filter(({ bytes }) => bytes < FILE_LIMIT_BYTES);
  const outputs = [0, 1].map((worker) => {
    const resume = open[worker];
    const plan = {
      kind: 'directory' as const,
      path: DIRECTORY,
      prefix: 'test',
      fileLimitBytes: FILE_LIMIT_BYTES,
      checksums: false,
      numbers,
      header: Buffer.from(HEADER),
      firstHeader: Buffer.from(`${HEADER}# first-file\n`),
      ...(resume === undefined ? {} : { resume }),
    };
    return new DirectoryOutput(
      plan,
      () => undefined,
      (delta, file) => checkpointer.durable(delta, file),
      pipeline,
      (sink) => sink,
      storages,
    );
  });
  for (let number = 0; number < RECORDS; number++) {
    if (state.cursors.isDone(number)) continue;
    const output = outputs[number % 2]!;
    await output.write(Buffer.from(record(number)), { cursors: partitionDone(number), records: 1 });
    if (number % 5 === 4) for (const each of outputs) await each.checkpoint();
  }
  for (const output of outputs) await output.finish();
  await checkpointer.finish();
  await checkpointer.remove();
  await lock.release();
}

/**
 * The records that the data files hold. Throws for a part of a header or record, and for a record that is there twice.
 */
function readRecords(image: DiskImage, lengths?: ReadonlyMap<string, number>): Set<number> {
  const found = new Set<number>();
  for (const [path, bytes] of image) {
    if (!path.endsWith('.asb')) continue;
    const length = lengths === undefined ? bytes.length : lengths.get(path);
    if (length === undefined) continue;
    const text = bytes.toString('latin1', 0, length);
    const header = /^Version 3\.1\n# namespace test\n(# first-file\n)?/.exec(text)?.[0];
    if (header === undefined) throw new Error(`${path} has no header`);
    const body = text.slice(header.length);
    if (!/^(\+ record \d+ x+\n)*$/.test(body)) throw new Error(`${path} has a part of a record, or something else`);
    for (const [, number] of body.matchAll(/^\+ record (\d+) /gm)) {
      if (found.has(Number(number))) throw new Error(`record ${number!} is there twice`);
      found.add(Number(number));
    }
  }
  return found;
}

/** The state that an image allows to continue from; undefined = there is none. Throws if data would be lost. */
async function checkImage(image: DiskImage): Promise<BackupState | undefined> {
  if (!image.has(STATE)) {
    const records = readRecords(image).size;
    const hasData = [...image.keys()].some((path) => path.endsWith('.asb'));
    if (hasData && records !== RECORDS) throw new Error(`without a state, ${records} records look like a whole backup`);
    return undefined;
  }
  const storages = storagesOn(new CrashFileSystem(image));
  const state = await loadState(STATE, storages);
  const storage = await storages.forPath(DIRECTORY);
  for (const { name, bytes } of state.files) {
    const reason = await storage.checkResumable(`${DIRECTORY}/${name}`, { bytes });
    if (reason !== undefined) throw new Error(reason);
  }
  const lengths = new Map(state.files.map(({ name, bytes }) => [`${DIRECTORY}/${name}`, bytes]));
  const records = readRecords(image, lengths);
  if (records.size !== state.counters.records) {
    throw new Error(`the state says ${state.counters.records} records, the files have ${records.size}`);
  }
  // What is done is not scanned again, and what is not is scanned once more.
  for (let number = 0; number < RECORDS; number++) {
    if (state.cursors.isDone(number) !== records.has(number))
      throw new Error(`record ${number} is lost, or comes twice`);
  }
  return state;
}

/** Every image that a power cut may leave, with its description. */
function* cutImages(disk: CrashFileSystem, seed: number): Generator<[string, DiskImage]> {
  for (let count = 0; count <= disk.changes.length; count++) {
    const where = `after change ${count} of ${disk.changes.length}`;
    yield [`${where}, without what was not synchronized`, disk.cutAfter(count, () => 0)];
    yield [`${where}, with what was not synchronized`, disk.cutAfter(count, () => 1)];
    for (let i = 0; i < RANDOM_IMAGES; i++) {
      const random = seededRandom(seed + count * RANDOM_IMAGES + i);
      yield [`${where}, seed ${seed}, choice ${i}`, disk.cutAfter(count, random)];
    }
  }
}

describe('a power cut at any point of a backup to a local directory', () => {
  it('loses no record that the state file promises, and leaves no part that looks like a whole backup', async () => {
    const disk = new CrashFileSystem();
    await runBackup(disk);
    expect(readRecords(disk.current()).size).toBe(RECORDS);
    const faults: string[] = [];
    for (const [where, image] of cutImages(disk, 1)) {
      await checkImage(image).catch((error: unknown) => faults.push(`${where}: ${String(error)}`));
    }
    expect(faults).toEqual([]);
  });

  it('is survived once more while the backup is continued, and every record is there once in the end', async () => {
    const disk = new CrashFileSystem();
    await runBackup(disk);
    const faults: string[] = [];
    const total = disk.changes.length;
    for (let count = 0; count <= total; count += 9) {
      const image = disk.cutAfter(count, seededRandom(count));
      const state = await checkImage(image);
      if (state === undefined) continue;
      // The process that held the lock is gone.
      const without = new Map([...image].filter(([path]) => path !== LOCK));
      const continued = new CrashFileSystem(without);
      await runBackup(continued, state);
      const records = readRecords(continued.current()).size;
      if (records !== RECORDS) faults.push(`continued after change ${count}: ${records} records`);
      for (let second = 0; second <= continued.changes.length; second += 13) {
        const again = continued.cutAfter(second, seededRandom(count * 1000 + second));
        await checkImage(again).catch((error: unknown) =>
          faults.push(`cut after change ${count}, continued, cut after change ${second}: ${String(error)}`),
        );
      }
    }
    expect(faults).toEqual([]);
  });

  it('would be noticed here: without the synchronizations, data is lost', async () => {
    const disk = new CrashFileSystem();
    await runBackup(disk);
    const careless = disk.changes.filter(({ kind }) => kind !== 'syncFile');
    disk.changes.length = 0;
    disk.changes.push(...careless);
    let faults = 0;
    for (const [, image] of cutImages(disk, 1)) await checkImage(image).catch(() => faults++);
    expect(faults).toBeGreaterThan(0);
  });
});
