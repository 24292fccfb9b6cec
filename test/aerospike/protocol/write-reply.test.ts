import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/aerospike/protocol/frame-reader.js';
import { namespaceField, UNANSWERED, WriteFrame } from '../../../src/aerospike/protocol/write-frame.js';
import { WriteReply } from '../../../src/aerospike/protocol/write-reply.js';
import { batchRows, forEachRecord, recordedExchanges } from '../../support/recorded-writes.js';

const POLICY = { info2: 1, info3: 0, dropNulls: false };

function createFrame(mode: 'batch' | 'single', rows: number): WriteFrame {
  const frame = new WriteFrame(mode);
  const nsField = namespaceField(Buffer.from('test'));
  forEachRecord((record) => {
    if (frame.rows < rows) frame.append(record, POLICY, nsField, 1, 0xffffffff);
  });
  frame.seal(0);
  return frame;
}

class Listener {
  codes: number[] = [];
  errors: Error[] = [];
  answered(code: number): void {
    this.codes.push(code);
  }
  lost(error: Error): void {
    this.errors.push(error);
  }
}

/** Feeds `bytes` in the given pieces. */
function feed(frame: WriteFrame, pieces: readonly Buffer[]): Listener {
  const listener = new Listener();
  const reader = new FrameReader('test');
  reader.consumer = new WriteReply(frame, listener);
  for (const piece of pieces) {
    piece.copy(reader.tail());
    reader.received(piece.length);
  }
  return listener;
}

function message(row: number, code: number, last = false): Buffer {
  const out = Buffer.alloc(22);
  out[0] = 22;
  out[3] = last ? 1 : 0;
  out[5] = code;
  out.writeUInt32BE(row, 14);
  return out;
}

function frame(...messages: Buffer[]): Buffer {
  const body = Buffer.concat(messages);
  const head = Buffer.from([2, 3, 0, 0, 0, 0, 0, 0]);
  head.writeUIntBE(body.length, 2, 6);
  return Buffer.concat([head, body]);
}

describe('answers to a batch', () => {
  it('are read wherever the recorded bytes are cut', () => {
    for (const { request, replies } of recordedExchanges('restore-batch')) {
      const rows = batchRows([request]).size;
      const bytes = Buffer.concat(replies);
      const sent = createFrame('batch', rows);
      for (let cut = 0; cut <= bytes.length; cut++) {
        sent.seal(0);
        const listener = feed(sent, [bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect(listener.codes).toEqual([0]);
        expect([...sent.results.subarray(0, rows)]).toEqual(new Array(rows).fill(0));
      }
      const single = createFrame('batch', rows);
      feed(
        single,
        [...bytes].map((byte) => Buffer.from([byte])),
      );
      expect([...single.results.subarray(0, rows)]).toEqual(new Array(rows).fill(0));
    }
  });

  it('give each row its own code, in any order', () => {
    const sent = createFrame('batch', 3);
    const listener = feed(sent, [
      frame(message(2, 5), message(0, 3)),
      frame(message(1, 18)),
      frame(message(0, 0, true)),
    ]);
    expect(listener.codes).toEqual([0]);
    expect([...sent.results.subarray(0, 3)]).toEqual([3, 18, 5]);
  });

  it('leave rows unanswered when the batch as a whole failed', () => {
    const sent = createFrame('batch', 2);
    expect(feed(sent, [frame(message(0, 0)), frame(message(0, 152, true))]).codes).toEqual([152]);
    expect([...sent.results.subarray(0, 2)]).toEqual([0, UNANSWERED]);
  });

  it.each([
    ['a row that was not sent', [frame(message(2, 0))]],
    ['a row twice', [frame(message(1, 0), message(1, 0))]],
    ['an end before all rows', [frame(message(1, 0)), frame(message(0, 0, true))]],
    ['another header size', [frame(Buffer.concat([Buffer.from([23]), message(0, 0).subarray(1), Buffer.alloc(1)]))]],
    ['a frame that ends inside a message', [frame(message(0, 0).subarray(0, 21))]],
  ])('are refused: %s', (_what, pieces) => {
    expect(() => feed(createFrame('batch', 2), pieces)).toThrow();
  });
});

describe('answers to a pipeline of single commands', () => {
  it('belong to the commands in order, wherever they are cut', () => {
    const bytes = Buffer.concat([frame(message(0, 0)), frame(message(0, 3)), frame(message(0, 22))]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const sent = createFrame('single', 3);
      expect(feed(sent, [bytes.subarray(0, cut), bytes.subarray(cut)]).codes).toEqual([0]);
      expect([...sent.results.subarray(0, 3)]).toEqual([0, 3, 22]);
    }
  });

  it('are refused when they are not one message', () => {
    expect(() => feed(createFrame('single', 2), [frame(message(0, 0), message(0, 0))])).toThrow();
  });
});

it('record is not counted as written when a node answers a single write with an empty frame', () => {
  const sent = createFrame('single', 1);
  sent.seal(0);
  expect(() => feed(sent, [frame()])).toThrow(/not one whole message/);
  expect(sent.results[0]).toBe(-1);
});
