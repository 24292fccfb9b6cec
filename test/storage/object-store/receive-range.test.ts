import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { receiveRange } from '../../../src/storage/object-store/receive-range.js';

const OBJECT = Buffer.from('0123456789');
const WHERE = { place: 's3://b/k', code: 'S3_FAILED' };

function request(first: number, length: number) {
  return { bucket: 'b', key: 'k', first, length, memory: new ArrayBuffer(length) };
}

function answer(range: string | undefined, bytes: Buffer, length: number | undefined = bytes.length) {
  const body = Readable.from([...bytes].map((byte) => Buffer.of(byte)));
  return { contentRange: range, contentLength: length, body };
}

describe('receiveRange', () => {
  it('a range that arrives in two attempts, is whole, and its body was read to the end', async () => {
    const input = request(2, 6);
    const call = { attempt: 1, received: 0 };
    const cut = answer('bytes 2-7/10', OBJECT.subarray(2, 5));
    await expect(receiveRange(input, call, cut, WHERE)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(call.received).toBe(3);
    const rest = answer('bytes 5-7/10', OBJECT.subarray(5, 8));
    expect(await receiveRange(input, call, rest, WHERE)).toBe(10);
    expect(Buffer.from(input.memory).toString()).toBe('234567');
    expect(rest.body.readableEnded).toBe(true);
  });

  it('a whole object in place of its beginning, is read as far as was asked', async () => {
    const input = request(0, 4);
    const whole = answer(undefined, OBJECT);
    expect(await receiveRange(input, { attempt: 1, received: 0 }, whole, WHERE)).toBe(10);
    expect(Buffer.from(input.memory).toString()).toBe('0123');
    expect(whole.body.destroyed).toBe(true);
  });

  it.each([
    ['the whole object in place of a range', request(2, 4), answer(undefined, OBJECT), /does not send the part of s3:/],
    ['another range', request(2, 4), answer('bytes 3-6/10', OBJECT.subarray(3, 7)), /does not send the part of s3:/],
    ['a range of unknown size', request(2, 4), answer('bytes 2-5/*', OBJECT.subarray(2, 6)), /does not send the part/],
    ['an object of unknown size', request(0, 4), answer(undefined, OBJECT, NaN), /does not tell the size of s3:\/\/b/],
  ])('%s, is an error that is not tried again', async (_, input, given, text) => {
    const error: unknown = await receiveRange(input, { attempt: 1, received: 0 }, given, WHERE).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'S3_FAILED' });
    expect(String(error)).toMatch(text);
    expect(given.body.destroyed).toBe(true);
  });
});
