/** UDF modules through info commands (wire.md 9.2). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import { InfoError, ProtocolError } from '../errors.js';
import { checkInfoValue, parsePairs } from '../protocol/info.js';

/** The file names of all modules. */
export async function listUdfs(cluster: Cluster): Promise<string[]> {
  const value = await cluster.info('udf-list');
  checkInfoValue('udf-list', value);
  return udfNames(value);
}

function udfNames(list: string): string[] {
  return list
    .split(';')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const match = /^filename=(.*),hash=[^,]*,type=([^,]*)$/s.exec(entry);
      if (match === null) throw new ProtocolError(`Cannot read the UDF list entry "${entry}".`);
      if (match[2]?.toUpperCase() !== 'LUA') {
        throw new ProtocolError(`The UDF module "${match[1] ?? ''}" is of type ${match[2] ?? ''}; only LUA is known.`);
      }
      return match[1]!;
    });
}

/** A module's source. */
export async function getUdf(cluster: Cluster, name: string): Promise<Buffer> {
  const command = `udf-get:filename=${name};`;
  const value = await cluster.info(command);
  checkUdfValue(command, value);
  const content = parsePairs(value, ';').get('content');
  if (content === undefined) throw new ProtocolError(`The server sent no content for the UDF module "${name}".`);
  return Buffer.from(content, 'base64');
}

/** Uploads a module in place of one of the same name. Throws InfoError, with the compiler's words if it has any. */
export async function putUdf(cluster: Cluster, name: string, content: Buffer): Promise<void> {
  const base64 = content.toString('base64');
  const command = `udf-put:filename=${name};content=${base64};content-len=${base64.length};udf-type=LUA;`;
  checkUdfValue(`udf-put:filename=${name}`, await cluster.info(command));
}

const POLL_MS = 500;

/** Waits until every node lists the module. */
export async function waitForUdf(cluster: Cluster, name: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const lists = await cluster.infoAll('udf-list');
    if (lists.every(({ value }) => udfNames(value).includes(name))) return;
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
  }
}

/** UDF commands have a second form of refusal: `error=…;file=…;line=…;message=<base64>`. */
function checkUdfValue(command: string, value: string): void {
  checkInfoValue(command, value);
  if (!value.startsWith('error=')) return;
  const pairs = parsePairs(value, ';');
  const message = pairs.get('message');
  const details = message === undefined ? '' : ` in line ${pairs.get('line') ?? '?'}: ${decodeMessage(message)}`;
  throw new InfoError(1, command, `${pairs.get('error') ?? 'error'}${details}`);
}

function decodeMessage(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8').trim();
}
