/** The same frames, levels, checksums, limits and places of damage with every zstd library that this machine has. */
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../src/core/byte-stream.js';
import { StreamError } from '../../src/codecs/errors.js';
import { ZstdEncoder } from '../../src/codecs/zstd-encoder.js';
import { ZstdDecoder } from '../../src/codecs/zstd-decoder.js';
import { ZstdFrameScanner } from '../../src/codecs/zstd-frame-scanner.js';
import { fixture } from '../support/asb.js';
import { MemorySink, MemorySource, readAll, readUntilError } from '../support/codecs.js';
import { ZSTD_BACKENDS } from '../support/zstd.js';

const text = fixture('backups/plain/test_00000.asb');
const small = text.subarray(0, 3000);

const EMPTY_FRAME = Buffer.from('28b52ffd2000010000', 'hex');
const MAGIC = Buffer.from('28b52ffd', 'hex');

function skippable(content: Buffer, kind = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + kind, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

function splitPieces(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

/** Sizes of the frames that `bytes` consist of. */
function frameSizes(bytes: Buffer): number[] {
  const scanner = new ZstdFrameScanner();
  const sizes: number[] = [];
  let frameStart = 0;
  for (let at = 0; at < bytes.length; at = scanner.offset) {
    if (scanner.scan(bytes.subarray(at)) === 'no-frame') throw new Error('no frame');
    if (!scanner.betweenFrames) continue;
    sizes.push(scanner.offset - frameStart);
    frameStart = scanner.offset;
  }
  expect(scanner.betweenFrames).toBe(true);
  return sizes;
}

/** What the header of a frame without a window of its own says; 4 bytes for all sizes from 65,792 on. */
function contentSize(frame: Buffer): number {
  const flag = frame[4]! >>> 6;
  return flag === 2 ? frame.readUInt32LE(5) : frame.readUInt16LE(5) + 256;
}

describe.each(ZSTD_BACKENDS.map((backend) => [backend.id, backend] as const))('zstd by %s', (_id, zstd) => {
  async function compress(chunks: readonly Buffer[], level = 0): Promise<Buffer> {
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, zstd, level);
    for (const chunk of chunks) await sink.write(chunk);
    await sink.close();
    expect(inner.state).toBe('closed');
    return inner.bytes;
  }

  function source(bytes: Buffer, sizes?: readonly number[]): ZstdDecoder {
    return new ZstdDecoder(new MemorySource(bytes, sizes), zstd);
  }

  async function catchFailure(
    bytes: Buffer,
    sizes?: readonly number[],
  ): Promise<{ bytes: Buffer; error: StreamError }> {
    const { bytes: read, error } = await readUntilError(source(bytes, sizes));
    expect(error).toBeInstanceOf(StreamError);
    return { bytes: read, error: error as StreamError };
  }

  describe('compressed bytes', () => {
    it.each([-131_072, -5, 0, 1, 3, 9, 19, 22])('level %i, decompressed: the same bytes', async (level) => {
      const packed = await compress([text], level);
      expect(packed.subarray(0, 4)).toEqual(MAGIC);
      expect((await readAll(source(packed))).equals(text)).toBe(true);
    });

    it.each([1, 7, 1000, 4096, 65_536, 131_072, 131_073])(
      'chunks of %i bytes, decompressed: the same bytes in one frame',
      async (size) => {
        const bytes = size < 1000 ? small : text;
        const packed = await compress(splitPieces(bytes, size));
        expect((await readAll(source(packed))).equals(bytes)).toBe(true);
        expect(frameSizes(packed)).toEqual([packed.length]);
      },
    );

    it('incompressible bytes larger than every buffer, decompressed: the same bytes', async () => {
      const bytes = randomBytes(3_000_000);
      const packed = await compress([bytes]);
      expect(packed.length).toBeLessThan(bytes.length + 1000);
      expect((await readAll(source(packed))).equals(bytes)).toBe(true);
    });

    it('nothing written, closed: one empty frame, which other tools read', async () => {
      const packed = await compress([]);
      expect(frameSizes(packed)).toEqual([packed.length]);
      expect(await readAll(source(packed))).toHaveLength(0);
    });

    it('bytes after an ended frame begin a second frame; ending twice adds nothing', async () => {
      const inner = new MemorySink();
      const sink = new ZstdEncoder(inner, zstd, 3);
      await sink.write(small);
      await sink.endFrame();
      const first = inner.bytes;
      expect(frameSizes(first)).toEqual([first.length]);
      expect((await readAll(source(first))).equals(small)).toBe(true);
      // Nothing since: nothing to end.
      await sink.endFrame();
      expect(await sink.sync()).toBe(first.length);
      expect(inner.bytes).toEqual(first);
      await sink.write(text);
      await sink.close();
      const second = inner.bytes.subarray(first.length);
      expect(frameSizes(second)).toEqual([second.length]);
      expect((await readAll(source(inner.bytes))).equals(Buffer.concat([small, text]))).toBe(true);
    });

    it('a frame whose checksum was changed is reported as damaged', async () => {
      const packed = await compress([text]);
      packed[packed.length - 1]! ^= 1;
      const { error } = await catchFailure(packed);
      expect(error.code).toBe('ZSTD_CORRUPT');
      expect(error.message).toMatch(/checksum/);
    });

    it('a failed write rejects a later call', async () => {
      const inner = new MemorySink();
      inner.failAt = 1;
      const sink = new ZstdEncoder(inner, zstd, 3);
      await expect(
        (async () => {
          for (let i = 0; i < 10; i++) await sink.write(randomBytes(300_000));
          await sink.close();
        })(),
      ).rejects.toThrow('the disk is full');
      await sink.abort();
      expect(inner.state).toBe('abandoned');
    });

    it('frame compressor makes single frames with content sizes, in memory that is used again', async () => {
      const compressor = zstd.createFrameCompressor(3);
      const pieces = splitPieces(text, 100_000);
      const memory = new ArrayBuffer(200_000);
      const frames = pieces.map((piece) => Buffer.from(compressor.compressFrame(piece, memory)));
      for (const frame of frames) expect(frameSizes(frame)).toEqual([frame.length]);
      expect(frames.map(contentSize)).toEqual(pieces.map((piece) => piece.length));
      expect((await readAll(source(Buffer.concat(frames)))).equals(text)).toBe(true);
      expect(compressor.compressFrame(text, memory).buffer).not.toBe(memory);
    });
  });

  it.each([-131_073, 23, 1.5, NaN])('encoder refuses level %d', (level) => {
    expect(() => new ZstdEncoder(new MemorySink(), zstd, level)).toThrow(
      `The compression level must be from -131072 to 22, not ${level}`,
    );
  });

  describe('decompressed bytes', () => {
    it('empty and skippable frames anywhere yield nothing', async () => {
      const frame = await compress([small]);
      const all = Buffer.concat([
        skippable(Buffer.from('before')),
        EMPTY_FRAME,
        frame,
        skippable(Buffer.alloc(0), 15),
        EMPTY_FRAME,
        EMPTY_FRAME,
        frame,
        skippable(randomBytes(100_000), 7),
      ]);
      const twice = Buffer.concat([small, small]);
      for (const sizes of [[65_536], [1], [2], [3], [7], [4096]]) {
        expect((await readAll(source(all, sizes))).equals(twice), String(sizes)).toBe(true);
      }
    });

    it('input cut into chunks at any byte yields the same bytes', async () => {
      const bytes = Buffer.concat([
        await compress([small.subarray(0, 500)]),
        EMPTY_FRAME,
        skippable(Buffer.from('x')),
        await compress([small]),
      ]);
      const expected = Buffer.concat([small.subarray(0, 500), small]);
      for (let cut = 1; cut < bytes.length; cut++) {
        expect((await readAll(source(bytes, [cut, bytes.length]))).equals(expected), `cut at ${cut}`).toBe(true);
      }
    });

    it('a file of the C tool, byte by byte, yields its text', async () => {
      expect((await readAll(source(fixture('backups/zstd/test_00000.asb')))).length).toBeGreaterThan(800_000);
      const packed = await compress([text]);
      expect((await readAll(source(packed, [1]))).equals(text)).toBe(true);
    });

    it('a stream cut inside a frame is reported as truncated at its end', async () => {
      const part = small.subarray(0, 900);
      const frames = [EMPTY_FRAME, await compress([part]), skippable(Buffer.from('skip me')), await compress([part])];
      const bytes = Buffer.concat(frames);
      const whole = new Set([0]);
      let end = 0;
      for (const frame of frames) whole.add((end += frame.length));
      const expected = Buffer.concat([part, part]);
      for (let length = 0; length < bytes.length; length++) {
        const { bytes: read, error } = await readUntilError(source(bytes.subarray(0, length), [1000]));
        expect(read.equals(expected.subarray(0, read.length))).toBe(true);
        if (whole.has(length)) {
          expect(error, `cut at ${length}`).toBeUndefined();
        } else {
          expect(error, `cut at ${length}`).toMatchObject({
            code: 'ZSTD_TRUNCATED',
            offset: length,
            file: 'memory.asb',
          });
        }
      }
    });

    it('a cut frame is reported with the offset at which it begins', async () => {
      const frame = await compress([small]);
      const { error } = await catchFailure(Buffer.concat([frame, frame.subarray(0, 100)]));
      const at = frame.length;
      expect(error.message).toBe(
        `memory.asb (byte ${at + 100} of the compressed data): the data end inside the frame that begins at byte ${at}: a part of the file is missing`,
      );
    });

    it('bytes that are no frame after the last frame are reported with their offset', async () => {
      const frame = await compress([small]);
      for (const garbage of ['x', '\0', 'Version 3.1\n', '(\xb5/X', 'P*X']) {
        const { bytes, error } = await catchFailure(Buffer.concat([frame, Buffer.from(garbage, 'latin1')]));
        expect(bytes.equals(small)).toBe(true);
        expect(error).toMatchObject({ code: 'ZSTD_FORMAT', offset: frame.length });
        expect(error.message).toMatch(/what follows the last zstd frame is none/);
      }
    });

    it('input that is not zstd is reported with its first bytes', async () => {
      const { bytes, error } = await catchFailure(text);
      expect(bytes).toHaveLength(0);
      expect(error).toMatchObject({ code: 'ZSTD_FORMAT', offset: 0 });
      expect(error.message).toBe(
        'memory.asb (byte 0 of the compressed data): the data do not begin with a zstd frame (its first bytes are 56 65 72 73)',
      );
    });

    it('a decoder that has failed fails again', async () => {
      const failed = source(text);
      await expect(failed.read()).rejects.toThrow('do not begin');
      await expect(failed.read()).rejects.toThrow('do not begin');
    });

    it('a flipped bit yields an error or the true text, never other bytes', async () => {
      const packed = await compress(splitPieces(text.subarray(0, 300_000), 1000), 1);
      for (let at = 4; at < packed.length; at += 997) {
        const damaged = Buffer.from(packed);
        damaged[at]! ^= 1 << (at % 8);
        const { bytes, error } = await readUntilError(source(damaged));
        if (error === undefined) expect(bytes.equals(text.subarray(0, 300_000)), `bit in byte ${at}`).toBe(true);
        else expect((error as StreamError).code, `bit in byte ${at}`).toMatch(/^ZSTD_(CORRUPT|FORMAT|TRUNCATED)$/);
      }
    });

    it('blocks before a damaged one are returned, and the error has the offset of the block', async () => {
      // Stored as it is, so that each block's 128 KiB fill as much of the file.
      const bytes = randomBytes(1_000_000);
      const packed = await compress([bytes]);
      // The type of the fifth block becomes one that does not exist.
      const blockAt = packed.length - 4 - (bytes.length - 4 * 131_072) - 4 * 3;
      packed[blockAt]! |= 6;
      const { bytes: read, error } = await catchFailure(packed);
      expect(read.equals(bytes.subarray(0, 4 * 131_072))).toBe(true);
      expect(error).toMatchObject({ code: 'ZSTD_CORRUPT', offset: blockAt });
    });

    it('millions of empty frames let the event loop run, so that a signal is heard', async () => {
      let turns = 0;
      const frames = Buffer.concat(Array.from({ length: 10_000 }, () => EMPTY_FRAME));
      // Without turns of the event loop this input never ends.
      const endless: ByteSource = {
        name: 'endless.asb',
        read: () => Promise.resolve(turns < 3 ? frames : undefined),
        close: () => Promise.resolve(),
      };
      const counting = (async () => {
        for (; turns < 3; turns++) await nextTurn();
      })();
      expect(await readAll(new ZstdDecoder(endless, zstd))).toHaveLength(0);
      await counting;
    });

    it('frames without contents that never end are left when the decoder is closed, so that a signal ends the run', async () => {
      const frames = Buffer.concat(Array.from({ length: 10_000 }, () => EMPTY_FRAME));
      const endless: ByteSource = {
        name: 'endless.asb',
        read: () => Promise.resolve(frames),
        close: () => Promise.resolve(),
      };
      const decoder = new ZstdDecoder(endless, zstd);
      const reading = decoder.read();
      await nextTurn();
      await decoder.close();
      expect(await reading).toBeUndefined();
    });

    it('a window of more than 128 MiB is refused', async () => {
      const head = Buffer.concat([MAGIC, Buffer.from([0x00, 0xa0]), Buffer.alloc(100)]);
      const { error } = await catchFailure(head);
      expect(error.message).toMatch(/window of more than 128 MiB/);
    });
  });
});
