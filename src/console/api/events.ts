/** Events of the service, over one long request; the console's whole knowledge of what changes comes from here. */
import { openStream } from './client.js';
import { SseParser } from './sse-parser.js';

export interface EventProgress {
  /** 0–100; absent = not known. */
  readonly percent?: number;
  readonly records: number;
  readonly bytes: number;
  readonly recordsPerSecond?: number;
}

export interface ServiceEvent {
  readonly id: number;
  readonly time: string;
  /** `backup.progress` */
  readonly type: string;
  readonly storage?: string;
  readonly backup?: string;
  readonly routine?: string;
  readonly job?: string;
  readonly namespace?: string;
  readonly progress?: EventProgress;
  readonly message?: string;
}

/** Servers and proxies that say nothing for so long are taken for gone; the service sends comments more often. */
const SILENCE_MS = 45_000;

/**
 * Reads events until the stream ends, which resolves, or fails. `onOpen` is called once the service has answered.
 */
export async function readEvents(
  { onOpen, onEvent }: { onOpen: () => void; onEvent: (event: ServiceEvent) => void },
  signal: AbortSignal,
): Promise<void> {
  const silence = new AbortController();
  const stream = await openStream(AbortSignal.any([signal, silence.signal]));
  onOpen();
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      for (const data of parser.push(decoder.decode(value, { stream: true }))) {
        const event = parseEvent(data);
        if (event !== undefined) onEvent(event);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

function parseEvent(data: string): ServiceEvent | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as ServiceEvent) : undefined;
  } catch {
    return undefined;
  }
}
