/** Asks for many archived objects at once. */
import { Semaphore } from '../../core/semaphore.js';

const CONCURRENCY = 16;

/** `isDone`: the object is on its way already, or not archived (any more). Throws the first other error. */
export async function thawEach(
  keys: readonly string[],
  thawOne: (key: string) => Promise<unknown>,
  isDone: (error: unknown) => boolean,
): Promise<void> {
  const limit = new Semaphore(() => CONCURRENCY);
  const requests = keys.map((key) =>
    limit.run(async () => {
      try {
        await thawOne(key);
      } catch (error) {
        if (!isDone(error)) throw error;
      }
    }),
  );
  await Promise.all(requests);
}
