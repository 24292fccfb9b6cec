/** Security messages (wire.md 3.1): a header of 16 bytes and fields. */
import type { Connection } from '../connection/connection.js';
import { ProtocolError } from '../errors.js';
import { encodeFrame } from './frame.js';
import { FrameType, SECURITY_HEADER_BYTES } from './constants.js';

const FIELD_HEADER_BYTES = 5;

export type SecurityFields = ReadonlyMap<number, Buffer>;

export interface SecurityMessage {
  command: number;
  result: number;
  fields: SecurityFields;
}

/**
 * The body of a SECURITY frame:
 *
 *     0         1 byte    0
 *     result    1 byte    of an answer; 0 in a request
 *     command   1 byte    one of SecurityCommand
 *     fields    1 byte    number of fields
 *     0         12 bytes
 *     field …   4 bytes big-endian size (id and data), 1 byte id (SecurityField), data
 */
export function encodeSecurity({ command, result, fields }: SecurityMessage): Buffer {
  const header = Buffer.alloc(SECURITY_HEADER_BYTES);
  header[1] = result;
  header[2] = command;
  header[3] = fields.size;
  const parts: Buffer[] = [header];
  for (const [id, data] of fields) {
    const head = Buffer.alloc(FIELD_HEADER_BYTES);
    head.writeUInt32BE(data.length + 1);
    head[4] = id;
    parts.push(head, data);
  }
  return Buffer.concat(parts);
}

/** Undefined if the bytes are not a security message. The fields are copies. */
export function decodeSecurity(body: Buffer): SecurityMessage | undefined {
  if (body.length < SECURITY_HEADER_BYTES) return undefined;
  const fields = new Map<number, Buffer>();
  let pos = SECURITY_HEADER_BYTES;
  for (let left = body[3]!; left > 0; left--) {
    if (pos + FIELD_HEADER_BYTES > body.length) return undefined;
    const end = pos + 4 + body.readUInt32BE(pos);
    if (end < pos + FIELD_HEADER_BYTES || end > body.length) return undefined;
    fields.set(body[pos + 4]!, Buffer.from(body.subarray(pos + FIELD_HEADER_BYTES, end)));
    pos = end;
  }
  return { command: body[2]!, result: body[1]!, fields };
}

/** Sends one security command and returns the answer, whatever its result code. */
export function exchangeSecurity(
  connection: Connection,
  command: number,
  fields: SecurityFields,
  timeoutMs: number,
): Promise<SecurityMessage> {
  return new Promise((resolve, reject) => {
    connection.request(
      encodeFrame(FrameType.SECURITY, encodeSecurity({ command, result: 0, fields })),
      {
        frameType: FrameType.SECURITY,
        consume: (buffer, start, end, frameEnd) => {
          if (!frameEnd) return 0;
          const answer = decodeSecurity(buffer.subarray(start, end));
          if (answer === undefined) throw new ProtocolError(`${connection.where} sent a malformed answer to a login`);
          connection.release();
          resolve(answer);
          return end - start;
        },
        fail: reject,
      },
      timeoutMs,
    );
  });
}
