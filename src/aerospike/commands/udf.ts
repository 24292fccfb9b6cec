/** UDF modules through info commands (wire.md 9.2). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import { InfoError, ProtocolError } from '../errors.js';
import { infoCommand } from '../protocol/info-command.js';
import { parsePairs, throwIfRefused } from '../protocol/info.js';

/** The file names of all modules. */
export async function listUdfs(cluster: Cluster): Promise<string[]> {
  const command = infoCommand('udf-list');
  const value = await cluster.info(command);
  throwIfRefused(command, value);
  return parseUdfList(value);
}

/** `filename=<name>,hash=<hex>,type=LUA;` for each module. Throws ProtocolError. */
export function parseUdfList(list: string): string[] {
  return list
    .split(';')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const match = /^filename=(.*),hash=[^,]*,type=([^,]*)$/s.exec(entry);
      if (match === null) throw new ProtocolError(`Cannot read the UDF list entry ${JSON.stringify(entry)}`);
      if (match[2]?.toUpperCase() !== 'LUA') {
        throw new ProtocolError(`The UDF module "${match[1] ?? ''}" is of type ${match[2] ?? ''}; only LUA is known`);
      }
      return match[1]!;
    });
}

/** The source of a module. Throws InfoError, ProtocolError; InfoValueError for a name that the server must not have. */
export async function getUdf(cluster: Cluster, name: string): Promise<Buffer> {
  const command = infoCommand('udf-get', { filename: name });
  const value = await cluster.info(command);
  throwIfUdfRefused(command, value);
  const content = parsePairs(value, ';').get('content');
  if (content === undefined) throw new ProtocolError(`The server sent no content for the UDF module "${name}"`);
  const decoded = Buffer.from(content, 'base64');
  // Buffer.from skips what is not base64: the module would be stored empty or damaged.
  if (decoded.toString('base64') !== content) {
    throw new ProtocolError(`The server sent a content that is not base64 for the UDF module "${name}"`);
  }
  return decoded;
}

/**
 * Uploads a module in place of one of the same name. Throws InfoError, with the message of the compiler if there is
 * one; InfoValueError for a name that must not be sent.
 */
export async function putUdf(cluster: Cluster, name: string, content: Buffer): Promise<void> {
  const base64 = content.toString('base64');
  const command = infoCommand('udf-put', {
    filename: name,
    content: base64,
    'content-len': base64.length,
    'udf-type': 'LUA',
  });
  throwIfUdfRefused(`udf-put:filename=${name}`, await cluster.info(command));
}

const POLL_MS = 500;

/** Waits until every node lists the module. */
export async function waitForUdf(cluster: Cluster, name: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const lists = await cluster.infoAll(infoCommand('udf-list'));
    if (lists.every(({ value }) => parseUdfList(value).includes(name))) return;
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/** UDF commands have a second form of refusal: `error=…;file=…;line=…;message=<base64>`. */
function throwIfUdfRefused(command: string, value: string): void {
  throwIfRefused(command, value);
  if (!value.startsWith('error=')) return;
  const pairs = parsePairs(value, ';');
  const message = pairs.get('message');
  const details = message === undefined ? '' : ` in line ${pairs.get('line') ?? '?'}: ${decodeMessage(message)}`;
  throw new InfoError(1, command, `${pairs.get('error') ?? 'error'}${details}`);
}

function decodeMessage(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8').trim();
}
