/**
 * What the user of a connection may do, found out with commands that change nothing: the server checks the privilege
 * before it looks at what the command is about (wire.md 3, 11).
 */
import { randomBytes } from 'node:crypto';
import { DIGEST_BYTES } from '../../core/partition.js';
import type { ClusterNode } from '../cluster/node.js';
import type { Connection } from '../connection/connection.js';
import { SessionEnded, withReauth } from '../connection/reauth.js';
import { InfoError } from '../errors.js';
import {
  Field,
  FrameType,
  Info1,
  Info2,
  Info3,
  MESSAGE_HEADER_BYTES,
  Op,
  RESULT_OFFSET,
  ResultCode,
} from '../protocol/constants.js';
import { encodeFrame } from '../protocol/frame.js';
import { infoCommand } from '../protocol/info-command.js';
import { throwIfRefused } from '../protocol/info.js';

export const PRIVILEGES = ['read', 'write', 'sindex-admin', 'udf-admin'] as const;
export type Privilege = (typeof PRIVILEGES)[number];

/** Without the parameters that say what to delete, so that nothing is. */
const INCOMPLETE_COMMANDS = {
  'sindex-admin': infoCommand('sindex-delete'),
  'udf-admin': infoCommand('udf-remove'),
} as const;

/**
 * Whether the user may read, or write, records of a namespace: by a read, or a touch, of a record that does not exist.
 * Throws ConnectionError, ProtocolError.
 */
export async function mayUseRecords(
  node: ClusterNode,
  namespace: string,
  privilege: 'read' | 'write',
  timeoutMs: number,
): Promise<boolean> {
  const request = encodeFrame(FrameType.MESSAGE, encodeProbe(namespace, privilege));
  const result = await withReauth(async () => {
    const connection = await node.acquire();
    try {
      const code = await exchangeMessage(connection, request, timeoutMs);
      if (node.sessionEnded(connection, code)) throw new SessionEnded(node.endpoint, code);
      return code;
    } finally {
      node.release(connection);
    }
  });
  return result !== ResultCode.ROLE_VIOLATION;
}

/** Whether the user may delete secondary indexes, or UDF modules. Throws ConnectionError, ProtocolError. */
export async function mayAdminister(node: ClusterNode, privilege: 'sindex-admin' | 'udf-admin'): Promise<boolean> {
  const command = INCOMPLETE_COMMANDS[privilege];
  try {
    throwIfRefused(command, await node.info(command));
    return true;
  } catch (error) {
    if (!(error instanceof InfoError)) throw error;
    return error.resultCode !== ResultCode.ROLE_VIOLATION;
  }
}

/** A message for one record of a random digest, which has no bins and no set. */
function encodeProbe(namespace: string, privilege: 'read' | 'write'): Buffer {
  const header = Buffer.alloc(MESSAGE_HEADER_BYTES);
  header[0] = MESSAGE_HEADER_BYTES;
  if (privilege === 'read') {
    header[1] = Info1.READ | Info1.GET_NO_BINS;
  } else {
    header[2] = Info2.WRITE;
    header[3] = Info3.UPDATE_ONLY;
    header.writeUInt16BE(1, 20);
  }
  header.writeUInt16BE(2, 18);
  const parts = [
    header,
    encodeField(Field.NAMESPACE, Buffer.from(namespace)),
    encodeField(Field.DIGEST, randomBytes(DIGEST_BYTES)),
  ];
  // Size of the rest, operation, particle type, version, length of the bin's name.
  if (privilege === 'write') parts.push(Buffer.from([0, 0, 0, 4, Op.TOUCH, 0, 0, 0]));
  return Buffer.concat(parts);
}

function encodeField(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(data.length + 1);
  head[4] = id;
  return Buffer.concat([head, data]);
}

/** The result code of an answer that is one message. */
function exchangeMessage(connection: Connection, request: Buffer, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    connection.request(
      request,
      {
        frameType: FrameType.MESSAGE,
        consume: (buffer, start, end, frameEnd) => {
          if (!frameEnd) return 0;
          connection.release();
          resolve(buffer[start + RESULT_OFFSET] ?? ResultCode.SERVER_ERROR);
          return end - start;
        },
        fail: reject,
      },
      timeoutMs,
    );
  });
}
