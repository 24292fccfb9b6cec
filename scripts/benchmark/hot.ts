/**
 * The hot paths alone, in one process without network or disk: time per record of reading backup text, of making write
 * frames of it, and of making backup text of a scan; and what copying short ranges costs in three ways.
 * Usage: scripts/run-program benchmark/hot
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FrameReader } from '../../src/aerospike/protocol/frame-reader.js';
import { Message, RowView } from '../../src/aerospike/protocol/row-view.js';
import { scanRequest } from '../../src/aerospike/protocol/scan-request.js';
import { namespaceField, WriteFrame } from '../../src/aerospike/protocol/write-frame.js';
import { Decoder, Entry } from '../../src/asb/decoder.js';
import { RecordEncoder } from '../../src/asb/encoder.js';
import { copyRange, dataView } from '../../src/core/byte-copy.js';
import { writeRecords } from './data.js';
import { startServer, type Server } from './server.js';

const RECORDS = 200_000;
const RUNS = 10;
const CHUNK_BYTES = 1 << 20;
const RECEIVE_BYTES = 64 << 10;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'asbackup-bench-'));
  const server = await startServer();
  let text: Buffer;
  let scan: Buffer;
  try {
    const path = join(folder, 'data.asb');
    await writeRecords(path, 'small', RECORDS);
    text = readFileSync(path);
    const asrestore = fileURLToPath(new URL('../../bin/asrestore', import.meta.url));
    spawnSync(process.execPath, [asrestore, '-h', server.host, '-p', String(server.port), '-i', path]);
    scan = await scanBytes(server);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
  console.log('processor time per record, microseconds'.padEnd(44) + 'first run'.padStart(10) + 'best'.padStart(8));
  report('text read', () => decode(text, undefined));
  report('text read, write frames made', () => decode(text, new WriteFrame('batch')));
  report('scan read', () => encode(scan, undefined));
  report('scan read, text made', () => encode(scan, new RecordEncoder({ namespace: 'test', compact: false })));
  console.log(
    '\ncopying, nanoseconds'.padEnd(33) + ['bytes', 'words', 'native'].map((way) => way.padStart(10)).join(''),
  );
  for (const bytes of [5, 13, 20, 60, 250]) console.log(`${bytes} bytes`.padEnd(32) + copies(bytes));
}

function report(what: string, work: () => number): void {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const before = process.cpuUsage();
    const records = work();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / records);
  }
  console.log(
    what.padEnd(44) +
      times[0]!.toFixed(2).padStart(10) +
      Math.min(...times)
        .toFixed(2)
        .padStart(8),
  );
}

/** Returns the number of records. */
function decode(text: Buffer, frame: WriteFrame | undefined): number {
  const decoder = new Decoder({ file: 'data.asb' });
  const policy = { info2: 1, info3: 0, dropNulls: false };
  const namespace = namespaceField(Buffer.from('test'));
  let records = 0;
  for (let at = 0; at < text.length; at += CHUNK_BYTES) {
    decoder.write(text.subarray(at, at + CHUNK_BYTES));
    for (let kind = decoder.next(); kind !== Entry.NEED_DATA; kind = decoder.next()) {
      if (kind !== Entry.RECORD) continue;
      records++;
      if (frame === undefined) continue;
      frame.append(decoder.record, policy, namespace, decoder.record.generation, 0);
      if (frame.rows === 128) {
        frame.seal(0);
        frame.clear();
      }
    }
  }
  return records;
}

/** Returns the number of records. */
function encode(bytes: Buffer, encoder: RecordEncoder | undefined): number {
  const reader = new FrameReader('server');
  const view = new RowView();
  let records = 0;
  let spare: Buffer | undefined;
  reader.consumer = {
    frameType: 3,
    fail: () => undefined,
    consume(buffer, start, end) {
      let at = start;
      while (at < end) {
        const kind = view.parse(buffer, at, end);
        if (kind === Message.INCOMPLETE) break;
        if (kind === Message.RECORD) {
          records++;
          if (encoder?.full) spare = encoder.drain(spare);
          encoder?.encode(view);
        }
        at = view.end;
      }
      return at - start;
    },
  };
  for (let at = 0; at < bytes.length;) {
    const tail = reader.tail();
    const count = Math.min(RECEIVE_BYTES, tail.length, bytes.length - at);
    bytes.copy(tail, 0, at, at + count);
    reader.received(count);
    at += count;
  }
  return records;
}

/** The answer of a whole scan. */
function scanBytes({ host, port }: Server): Promise<Buffer> {
  const selection = { namespace: 'test', set: '', bins: [], noBins: false, recordsPerSecond: 0 };
  const request = scanRequest(
    { ...selection, socketTimeoutMs: 0, totalTimeoutMs: 0 },
    1n,
    [...Array(4096).keys()],
    Buffer.alloc(0),
  );
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host, port }, () => socket.write(request));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const end = Buffer.concat(chunks.slice(-2)).subarray(-22);
      // A message header with the LAST bit ends the stream.
      if (end[0] === 22 && (end[3]! & 1) === 1 && end.readUInt32BE(18) === 0) {
        socket.destroy();
        resolve(Buffer.concat(chunks));
      }
    });
  });
}

function copies(bytes: number): string {
  const TIMES = 20_000;
  const src = Buffer.alloc(1 << 17, 7);
  const out = Buffer.alloc(1 << 17);
  const [srcView, outView] = [dataView(src), dataView(out)];
  const ways: readonly ((from: number, at: number) => unknown)[] = [
    (from, at) => {
      for (let i = 0; i < bytes; i++) out[at + i] = src[from + i]!;
    },
    (from, at) => copyRange(src, srcView, from, from + bytes, out, outView, at),
    (from, at) => src.copy(out, at, from, from + bytes),
  ];
  const cells = ways.map((copy) => {
    let best = Infinity;
    for (let run = 0; run < RUNS * 3; run++) {
      const before = process.hrtime.bigint();
      for (let i = 0; i < TIMES; i++) copy((i * 37) & 0xffff, (i * bytes) & 0xffff);
      best = Math.min(best, Number(process.hrtime.bigint() - before) / TIMES);
    }
    return best.toFixed(0).padStart(10);
  });
  return cells.join('');
}

await main();
