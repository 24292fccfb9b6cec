/** Clients that ask for the status of a backup, all at the same time. */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const CONCURRENT = 500;

/**
 * Asks 500 times at once, again and again if `everyMs` is given, until the input ends. Resolves with how many requests
 * there were. Throws an Error for an answer other than 200.
 */
export async function keepAsking(
  { url, everyMs }: { url: string; everyMs?: number },
  until: NodeJS.ReadableStream,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT, maxFreeSockets: CONCURRENT });
  const ended = once(until.resume(), 'end').then(() => 'ended' as const);
  let requests = 0;
  for (;;) {
    await Promise.all(Array.from({ length: CONCURRENT }, () => ask(url, agent)));
    requests += CONCURRENT;
    const pause = everyMs === undefined ? ended : Promise.race([ended, sleep(everyMs)]);
    if ((await pause) !== undefined) break;
  }
  agent.destroy();
  return requests;
}

async function ask(url: string, agent: Agent): Promise<void> {
  const [answer] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`${url} was answered by ${answer.statusCode ?? 0}`);
}
