/** The thread that compresses: when there is one, what is stored at the end of a frame, and what else happens. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ZstdDecoder } from '../../src/codecs/zstd-decoder.js';
import { ZstdEncoder } from '../../src/codecs/zstd-encoder.js';
import { createNativeBackend } from '../../src/codecs/zstd-native.js';
import { MemorySink, MemorySource, readAll } from '../support/codecs.js';

type Library = typeof import('zstd-napi/binding.js');
type Context = InstanceType<Library['CCtx']>;

/** Absent where Node.js has a library of its own and this one was not built. */
const library = await import('zstd-napi/binding.js').then(
  (module) => module.default,
  () => undefined,
);
const MIB = 1024 * 1024;
/** Hexadecimal, so that they become half as many. */
const text = Buffer.from(randomBytes(2 * MIB).toString('hex'));

/** The library with contexts that `change` has altered. */
function alterContexts(real: Library, change: (context: Context) => void): Library {
  class AlteredContext extends real.CCtx {
    constructor() {
      super();
      change(this);
    }
  }
  return { ...real, CCtx: AlteredContext };
}

describe.skipIf(library === undefined)('zstd by zstd-napi', () => {
  const real = library!;

  async function decompress(bytes: Buffer): Promise<Buffer> {
    return readAll(new ZstdDecoder(new MemorySource(bytes), createNativeBackend(real)));
  }

  /** The numbers of threads that compressors of an encoder ask for while `text` is written. */
  async function requestedThreads(level: number, limitBytes?: number): Promise<number[]> {
    const requested: number[] = [];
    const spied = alterContexts(real, (context) => {
      const setParameter = context.setParameter.bind(context);
      context.setParameter = (parameter, value) => {
        if (parameter === real.CParameter.nbWorkers) requested.push(value);
        setParameter(parameter, value);
      };
    });
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, createNativeBackend(spied), level, limitBytes);
    await sink.write(text.subarray(0, 100_000));
    await sink.close();
    expect((await decompress(inner.bytes)).equals(text.subarray(0, 100_000))).toBe(true);
    return requested;
  }

  it('a level up to 9 asks for one thread, a higher one for none', async () => {
    expect([await requestedThreads(-5), await requestedThreads(0), await requestedThreads(9)]).toEqual([[1], [1], [1]]);
    expect(await requestedThreads(10)).toEqual([]);
  });

  it('a file that is closed at less than 64 MiB is compressed without a thread, so that it is hardly larger', async () => {
    expect(await requestedThreads(3, 64 * MIB - 1)).toEqual([]);
    expect(await requestedThreads(3, 64 * MIB)).toEqual([1]);
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, createNativeBackend(real), 3, MIB);
    await sink.write(text);
    expect(inner.bytes.length).toBeGreaterThan(text.length / 2 - 256 * 1024);
    await sink.close();
  });

  it.each([
    ['one chunk of 64 KiB', [65_536], true],
    ['chunks of 64 KiB together', [43, 0, 65_493], true],
    ['a chunk of a byte more', [65_537], false],
    ['chunks of a byte more together', [65_536, 1], false],
  ])('frame of %s: given to the library in one call, without a thread = %s', async (_what, sizes, alone) => {
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, createNativeBackend(real), 3);
    let at = 0;
    for (const size of sizes) await sink.write(text.subarray(at, (at += size)));
    await sink.close();
    // Only what is known to be all is in one segment, whose size the header of the frame names.
    expect((inner.bytes[4]! & 0x20) !== 0).toBe(alone);
    expect((await decompress(inner.bytes)).equals(text.subarray(0, at))).toBe(true);
  });

  it('at the end of each frame, all bytes written before are stored, whatever the sizes of chunks and frames', async () => {
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, createNativeBackend(real), 1);
    let written = 0;
    for (const size of [3, 65_536, 65_533, 1, 65_537, MIB, 700_000, 2 * MIB, 5, MIB - 1, 100_000]) {
      for (const part of [size >>> 1, 0, size - (size >>> 1)]) {
        await sink.write(text.subarray(written % MIB, (written % MIB) + part));
        written += part;
      }
      expect(await sink.sync()).toBe(inner.bytes.length);
      expect((await decompress(inner.bytes)).length).toBe(written);
    }
    await sink.close();
  });

  it('a library without threads compresses in the thread of the caller', async () => {
    const without = alterContexts(real, (context) => {
      const setParameter = context.setParameter.bind(context);
      context.setParameter = (parameter, value) => {
        if (parameter === real.CParameter.nbWorkers && value > 0) throw new Error('Unsupported parameter');
        setParameter(parameter, value);
      };
    });
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, createNativeBackend(without), 3);
    for (const chunk of [text, text]) await sink.write(chunk);
    await sink.close();
    expect((await decompress(inner.bytes)).equals(Buffer.concat([text, text]))).toBe(true);
  });

  it('a system that gives no thread, for the second frame either: the bytes are compressed all the same', async () => {
    let refusals = 0;
    const refused = alterContexts(real, (context) => {
      let threads = 0;
      const [setParameter, compress] = [context.setParameter.bind(context), context.compressStream2.bind(context)];
      context.setParameter = (parameter, value) => {
        if (parameter === real.CParameter.nbWorkers) threads = value;
        setParameter(parameter, value);
      };
      context.compressStream2 = (...args) => {
        if (threads === 0) return compress(...args);
        refusals++;
        throw new Error('Allocation error : not enough memory');
      };
    });
    const inner = new MemorySink();
    const sink = new ZstdEncoder(inner, createNativeBackend(refused), 3);
    await sink.write(Buffer.from('held'));
    await sink.write(text);
    await sink.endFrame();
    await sink.write(text);
    await sink.close();
    expect(refusals).toBe(1);
    const expected = Buffer.concat([Buffer.from('held'), text, text]);
    expect((await decompress(inner.bytes)).equals(expected)).toBe(true);
  });

  it('an error in the middle of a frame is reported, as bytes may be lost', async () => {
    const failing = alterContexts(real, (context) => {
      const compress = context.compressStream2.bind(context);
      let calls = 0;
      context.compressStream2 = (...args) => {
        if (++calls === 2) throw new Error('no more');
        return compress(...args);
      };
    });
    const sink = new ZstdEncoder(new MemorySink(), createNativeBackend(failing), 3);
    await expect(
      (async () => {
        for (let i = 0; i < 4; i++) await sink.write(text);
      })(),
    ).rejects.toMatchObject({ code: 'ZSTD_COMPRESS' });
    await sink.abort();
  });

  it.each(['process.exit(0)', 'worker.terminate()'])('%s while the thread works: the process ends as ever', (end) => {
    const binding = fileURLToPath(import.meta.resolve('zstd-napi/binding.js'));
    const script = `
      const zstd = require(${JSON.stringify(binding)});
      const { isMainThread, parentPort, Worker } = require('node:worker_threads');
      function begin() {
        const context = (globalThis.context = new zstd.CCtx());
        context.setParameter(zstd.CParameter.compressionLevel, 9);
        context.setParameter(zstd.CParameter.nbWorkers, 1);
        context.setParameter(zstd.CParameter.jobSize, 1048576);
        const text = Buffer.from(require('node:crypto').randomBytes(1 << 20).toString('hex'));
        context.compressStream2(Buffer.alloc(1000), text, zstd.EndDirective.continue);
      }
      if (!isMainThread) {
        begin();
        parentPort.postMessage('begun');
        setInterval(() => undefined, 1000);
      } else if (${end.startsWith('process')}) {
        begin();
        process.exit(0);
      } else {
        const worker = new Worker(process.env.SCRIPT, { eval: true });
        worker.on('message', () => worker.terminate());
      }`;
    execFileSync(process.execPath, ['-e', script], { env: { ...process.env, SCRIPT: script } });
  });
});
