/** The info protocol: text commands and their answers (wire.md 2.1). */
import { InfoError, ProtocolError } from '../errors.js';
import type { Connection } from '../connection/connection.js';
import { FrameType } from './constants.js';
import { encodeFrame } from './frame.js';
import type { InfoCommand } from './info-command.js';

/** A node may pause within an answer, but one that sends a byte now and then must not keep a run waiting for ever. */
const COMPLETE_AFTER_PAUSES = 6;

/**
 * Sends several commands at once and resolves with their values in the same order. The values must be free of line
 * feeds; answers that hold names are requested with `requestInfo`. Rejects with ConnectionError NET_TIMEOUT when
 * nothing arrives for `timeoutMs`, or when the answers are not complete after `limitMs`; 0 = no limit.
 */
export async function requestInfoBatch(
  connection: Connection,
  commands: readonly InfoCommand[],
  timeoutMs: number,
  limitMs = timeoutMs * COMPLETE_AFTER_PAUSES,
): Promise<string[]> {
  const reply = await exchange(connection, commands, timeoutMs, limitMs);
  const lines = reply.split('\n');
  return commands.map((command, i) => parseLine(lines[i] ?? '', command, connection.where));
}

/** Sends one command and resolves with its value, which may hold line feeds, as set names do. Limits as above. */
export async function requestInfo(connection: Connection, command: InfoCommand, timeoutMs: number): Promise<string> {
  const reply = await exchange(connection, [command], timeoutMs, timeoutMs * COMPLETE_AFTER_PAUSES);
  return parseLine(reply.endsWith('\n') ? reply.slice(0, -1) : reply, command, connection.where);
}

/** Throws an InfoError if `value` is one of the forms of a refusal. */
export function throwIfRefused(command: string, value: string): void {
  const match = /^(?:ERROR|FAIL):(-?\d*):?([\s\S]*)$/i.exec(value);
  if (match !== null) {
    throw new InfoError(match[1] === '' ? 1 : Number(match[1]), command, match[2] ?? '');
  }
  if (/^(?:ERROR|FAIL)(?:$|:)/i.test(value)) throw new InfoError(1, command, value);
}

/** `a=1;b=2` (or another pair of separators) as a map. */
export function parsePairs(text: string, separator: ';' | ':' | ','): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const part of text.split(separator)) {
    const at = part.indexOf('=');
    if (at > 0) pairs.set(part.slice(0, at), part.slice(at + 1));
  }
  return pairs;
}

/** Of commands whose answers are a word, a number or a few addresses. */
const SHORT_REPLIES = new Set([
  'build',
  'cluster-name',
  'edition',
  'node',
  'partition-generation',
  'peers-generation',
  'rack-ids',
  'service',
  'service-clear-std',
  'service-clear-alt',
  'service-tls-std',
  'service-tls-alt',
]);
const MAX_SHORT_REPLY_BYTES = 64 * 1024;
/** Lists of thousands of nodes, sets, indexes or partitions are smaller. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;

/** The largest answer that is accepted, the echo of the command included. */
export function getMaxReplyBytes(command: string): number {
  return SHORT_REPLIES.has(command) ? MAX_SHORT_REPLY_BYTES : MAX_REPLY_BYTES;
}

/**
 *     request   <command> LF …        one or more commands
 *     reply     <command> TAB <value> LF …   in the same order
 */
function exchange(
  connection: Connection,
  commands: readonly InfoCommand[],
  timeoutMs: number,
  limitMs: number,
): Promise<string> {
  const maxBytes = commands.reduce((sum, command) => sum + getMaxReplyBytes(command), 0);
  return new Promise((resolve, reject) => {
    const limit =
      limitMs > 0
        ? setTimeout(() => {
            connection.expire(limitMs);
          }, limitMs).unref()
        : undefined;
    connection.request(
      encodeFrame(FrameType.INFO, Buffer.from(commands.join('\n') + '\n')),
      {
        frameType: FrameType.INFO,
        consume: (buffer, start, end, frameEnd) => {
          if (end - start > maxBytes) {
            const text = `${connection.where} answered ${commands.join(', ').slice(0, 80)} with more than ${maxBytes} bytes`;
            throw new ProtocolError(text);
          }
          if (!frameEnd) return 0;
          const reply = buffer.toString('utf8', start, end);
          clearTimeout(limit);
          connection.release();
          resolve(reply);
          return end - start;
        },
        fail: (error) => {
          clearTimeout(limit);
          reject(error);
        },
      },
      timeoutMs,
    );
  });
}

function parseLine(line: string, command: InfoCommand, where: string): string {
  const tab = line.indexOf('\t');
  if (tab < 0 || line.slice(0, tab) !== command) {
    // An unauthenticated connection gets one line without the echo.
    throwIfRefused(command, line);
    throw new ProtocolError(`${where} answered "${line.slice(0, 80)}" to the info command "${command}"`);
  }
  return line.slice(tab + 1);
}
