/** Whether the service answers, and what keeps the page up to date: the stream of events, or polling without it. */
import { signal } from '@preact/signals';
import { ApiError, listenToClient, readPageScript } from '../api/client.js';
import { readEvents, type EventProgress, type ServiceEvent } from '../api/events.js';
import { formatPercent } from '../format/format.js';
import { announce, showToast } from './toasts.js';

/** What a view depends on; each event belongs to some. */
export type Topic = 'backups' | 'routines' | 'jobs' | 'configuration' | 'webhooks';
const ALL: readonly Topic[] = ['backups', 'routines', 'jobs', 'configuration', 'webhooks'];

/** `live` = over the stream. */
export const connection = signal<'connecting' | 'live' | 'polling' | 'lost'>('connecting');
/** The service serves another console than this page. */
export const isOutdated = signal(false);
/** Of what runs, by `backup:STORAGE/ID`, `routine:NAME` and `job:ID`. */
export const progressByKey = signal<ReadonlyMap<string, EventProgress>>(new Map());
/** Each change of a number is a reason to read again. */
export const revisions = Object.fromEntries(ALL.map((topic) => [topic, signal(0)])) as Readonly<
  Record<Topic, ReturnType<typeof signal<number>>>
>;

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5000;
const POLL_MS = 4000;
/** Events that come together cause one request. */
const SETTLE_MS = 250;

let ending: AbortController | undefined;
const touched = new Set<Topic>();
let settling: ReturnType<typeof setTimeout> | undefined;

/** Everything that shows these reads them again, soon. */
export function touch(topics: readonly Topic[]): void {
  for (const topic of topics) touched.add(topic);
  settling ??= setTimeout(() => {
    settling = undefined;
    const changed = [...touched];
    touched.clear();
    for (const topic of changed) revisions[topic].value = (revisions[topic].peek() ?? 0) + 1;
  }, SETTLE_MS);
}

const TOPICS: Readonly<Record<string, readonly Topic[]>> = {
  backup: ['backups', 'routines'],
  restore: ['jobs'],
  verify: ['jobs', 'backups', 'routines'],
  copy: ['jobs', 'backups', 'routines'],
  clone: ['jobs', 'backups'],
  config: ['configuration', 'routines'],
  routine: ['routines'],
};

/** What works on a backup is a job: its progress is not that of the backup. */
function progressKeys({ type, storage, backup, routine, job }: ServiceEvent): string[] {
  if (!type.startsWith('backup.')) return job === undefined ? [] : [`job:${job}`];
  return [
    ...(storage !== undefined && backup !== undefined ? [`backup:${storage}/${backup}`] : []),
    ...(routine !== undefined ? [`routine:${routine}`] : []),
  ];
}

function takeEvent(event: ServiceEvent): void {
  const [subject = '', what = ''] = event.type.split('.');
  if (what === 'progress') {
    const { progress } = event;
    if (progress === undefined) return;
    const next = new Map(progressByKey.peek());
    for (const key of progressKeys(event)) next.set(key, progress);
    progressByKey.value = next;
    announceProgress(event, progress);
    return;
  }
  if (what !== 'started') {
    const next = new Map(progressByKey.peek());
    for (const key of progressKeys(event)) next.delete(key);
    progressByKey.value = next;
  }
  announceOutcome(event, subject, what);
  touch(TOPICS[subject] ?? ALL);
}

const announced = new Map<string, number>();

/** Each quarter is said once: more would drown what else a screen reader has to say. */
function announceProgress(event: ServiceEvent, { percent }: EventProgress): void {
  const [key] = progressKeys(event);
  if (percent === undefined || key === undefined) return;
  const quarter = Math.floor(percent / 25);
  if (quarter === 0 || quarter === announced.get(key)) return;
  announced.set(key, quarter);
  announce(`${describe(event)}: ${formatPercent(percent / 100)}`);
}

const NOUNS: Readonly<Record<string, string>> = {
  restore: 'Restore',
  verify: 'Verification',
  copy: 'Copy',
  clone: 'Clone',
};

function describe({ type, routine, backup, job }: ServiceEvent): string {
  const [subject = ''] = type.split('.');
  const noun = NOUNS[subject];
  return noun === undefined
    ? `Backup ${routine ?? backup ?? ''}`.trimEnd()
    : `${noun} of ${backup ?? routine ?? job ?? 'a backup'}`;
}

function announceOutcome(event: ServiceEvent, subject: string, what: string): void {
  const [key] = progressKeys(event);
  if (key !== undefined) announced.delete(key);
  if (event.type === 'routine.rpo-missed') {
    showToast('warning', event.message ?? `Routine ${event.routine ?? ''} has missed its objective`);
  } else if (what === 'failed') {
    showToast('error', `${describe(event)} failed${event.message === undefined ? '' : `: ${event.message}`}`);
  } else if (what === 'completed' && subject in TOPICS) {
    showToast('success', `${describe(event)} is complete`);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Follows the service until `stopFollowing`; after each loss it tries again, for ever. */
export function startFollowing(onUnauthorized: () => void): void {
  stopFollowing();
  ending = new AbortController();
  const { signal } = ending;
  listenToClient({
    connection: (isThere) => {
      if (!isThere) lose();
    },
    unauthorized: onUnauthorized,
  });
  void follow(signal);
}

export function stopFollowing(): void {
  ending?.abort();
  ending = undefined;
}

function lose(): void {
  if (connection.peek() === 'lost') return;
  connection.value = 'lost';
  progressByKey.value = new Map();
  announce('The service does not answer');
}

async function follow(signal: AbortSignal): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  const isStopped = (): boolean => signal.aborted;
  while (!signal.aborted) {
    try {
      await readEvents(
        {
          onOpen: () => {
            retryMs = FIRST_RETRY_MS;
            recover('live');
          },
          onEvent: takeEvent,
        },
        signal,
      );
      // The service has ended the stream: it ends itself, or a proxy has had enough.
    } catch (error) {
      if (isStopped()) return;
      if (error instanceof ApiError) {
        if (error.status === 401) return;
        // It answers, but has no stream, or a proxy does not let it through.
        recover(error.status >= 502 && error.status <= 504 ? 'lost' : 'polling');
        if (connection.peek() === 'polling') touch(ALL);
        await sleep(POLL_MS, signal);
        continue;
      }
      lose();
    }
    await sleep(retryMs, signal);
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
  }
}

function recover(next: 'live' | 'polling' | 'lost'): void {
  const before = connection.peek();
  if (next === 'lost') {
    lose();
    return;
  }
  connection.value = next;
  if (before !== 'lost') return;
  // Nobody knows what happened meanwhile.
  touch(ALL);
  announce('The service answers again');
  void checkPage();
}

async function checkPage(): Promise<void> {
  try {
    const script = await readPageScript();
    const own = document.querySelector('script[type="module"]')?.getAttribute('src');
    if (script !== undefined && own !== null && own !== undefined) isOutdated.value = script !== own;
  } catch {
    // It is asked again with the next loss.
  }
}
