/** The info protocol: text commands and their answers (wire.md 2.1). */
import { InfoError, ProtocolError } from '../errors.js';
import type { Connection } from '../connection/connection.js';
import { FRAME_HEADER_BYTES, FRAME_VERSION, FrameType } from './constants.js';

/** A frame around `body`. */
export function frame(type: number, body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  writeFrameHeader(out, type, body.length);
  body.copy(out, FRAME_HEADER_BYTES);
  return out;
}

export function writeFrameHeader(out: Buffer, type: number, bodyLength: number): void {
  out[0] = FRAME_VERSION;
  out[1] = type;
  out.writeUIntBE(bodyLength, 2, 6);
}

/**
 * Sends several commands at once and returns their values in the same order. Each value must be free of line feeds;
 * use `infoCommand` for answers that hold names.
 */
export async function infoCommands(connection: Connection, commands: string[], timeoutMs: number): Promise<string[]> {
  const reply = await exchange(connection, commands.join('\n') + '\n', timeoutMs);
  const lines = reply.split('\n');
  return commands.map((command, i) => valueOf(lines[i] ?? '', command, connection.where));
}

/** Sends one command; its value may hold line feeds, as set names do. */
export async function infoCommand(connection: Connection, command: string, timeoutMs: number): Promise<string> {
  const reply = await exchange(connection, command + '\n', timeoutMs);
  return valueOf(reply.endsWith('\n') ? reply.slice(0, -1) : reply, command, connection.where);
}

/** Throws an InfoError if `value` is one of the forms of a refusal. */
export function checkInfoValue(command: string, value: string): void {
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

function exchange(connection: Connection, text: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    connection.request(
      frame(FrameType.INFO, Buffer.from(text)),
      {
        frameType: FrameType.INFO,
        consume: (buffer, start, end, frameEnd) => {
          if (!frameEnd) return 0;
          const reply = buffer.toString('utf8', start, end);
          connection.release();
          resolve(reply);
          return end - start;
        },
        fail: reject,
      },
      timeoutMs,
    );
  });
}

function valueOf(line: string, command: string, where: string): string {
  const tab = line.indexOf('\t');
  if (tab < 0 || line.slice(0, tab) !== command) {
    // An unauthenticated connection gets one line without the echo.
    checkInfoValue(command, line);
    throw new ProtocolError(`${where} answered "${line.slice(0, 80)}" to the info command "${command}".`);
  }
  return line.slice(tab + 1);
}
