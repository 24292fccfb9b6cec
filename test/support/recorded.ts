/** Recorded conversations between the C tools and a real server (test/fixtures/wire). */
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../fixtures/wire/', import.meta.url);

export interface RecordedFrame {
  from: 'client' | 'server';
  bytes: Buffer;
}

export function connections(name: string): RecordedFrame[][] {
  const folder = new URL(`${name}/`, ROOT);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.log'))
    .sort()
    .map((file) =>
      readFileSync(new URL(file, folder), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({
          from: line.startsWith('C') ? 'client' : 'server',
          bytes: Buffer.from(line.slice(2), 'hex'),
        })),
    );
}

/** The scan commands of a recorded backup, each with the frames that answered it. */
export function scans(name: string): { request: Buffer; answer: Buffer }[] {
  const result: { request: Buffer; answer: Buffer }[] = [];
  for (const frames of connections(name)) {
    for (const { from, bytes } of frames) {
      if (bytes[1] !== 3) continue;
      const last = result.at(-1);
      if (from === 'client') result.push({ request: bytes, answer: Buffer.alloc(0) });
      else if (last !== undefined) last.answer = Buffer.concat([last.answer, bytes]);
    }
  }
  return result;
}

export function backupFile(name: string): Buffer {
  return readFileSync(new URL(`${name}.dir/test_00000.asb`, ROOT));
}

export interface Message {
  info: [number, number, number];
  resultCode: number;
  generation: number;
  ttl: number;
  timeout: number;
  fields: { id: number; data: Buffer }[];
  ops: { op: number; type: number; name: string; value: Buffer }[];
}

/** Takes one request apart, without the code under test. */
export function parseMessage(frame: Buffer): Message {
  let at = 8 + 22;
  const fields = [];
  for (let i = 0; i < frame.readUInt16BE(8 + 18); i++) {
    const size = frame.readUInt32BE(at);
    fields.push({ id: frame[at + 4]!, data: frame.subarray(at + 5, at + 4 + size) });
    at += 4 + size;
  }
  const ops = [];
  for (let i = 0; i < frame.readUInt16BE(8 + 20); i++) {
    const size = frame.readUInt32BE(at);
    const nameEnd = at + 8 + frame[at + 7]!;
    ops.push({
      op: frame[at + 4]!,
      type: frame[at + 5]!,
      name: frame.toString('utf8', at + 8, nameEnd),
      value: frame.subarray(nameEnd, at + 4 + size),
    });
    at += 4 + size;
  }
  return {
    info: [frame[9]!, frame[10]!, frame[11]!],
    resultCode: frame[13]!,
    generation: frame.readUInt32BE(14),
    ttl: frame.readUInt32BE(18),
    timeout: frame.readUInt32BE(22),
    fields,
    ops,
  };
}
