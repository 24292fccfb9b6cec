import type { Semaphore } from '../../core/semaphore.js';
import { callMethod, createClient, type Methods } from '../client.js';

/** Bounds how many calls of some methods are under way at a time; the others are not limited. */
export function limitClient<C extends object>(
  client: C,
  methods: Methods<C>,
  limits: Readonly<Partial<Record<keyof C & string, Semaphore>>>,
): C {
  const byMethod = new Map<string, Semaphore | undefined>(Object.entries(limits) as [string, Semaphore][]);
  return createClient<C>(methods, (method, input, call) => {
    const work = (): Promise<unknown> => callMethod(client, method, input, call);
    const limit = byMethod.get(method);
    if (limit !== undefined) return limit.run(work, call.onStart);
    call.onStart?.();
    return work();
  });
}
