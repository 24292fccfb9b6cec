import { withRetry, type RetryPolicy } from '../../core/retry.js';
import { callMethod, createClient, type Methods } from '../client.js';

export interface ClientRetry<Method extends string> {
  /** How the calls of a method are retried. */
  policy: (method: Method, input: unknown) => RetryPolicy;
  /** Called after a call has succeeded. */
  onSuccess: () => void;
  /** The error that the caller gets when retrying has not helped. */
  toError: (error: unknown, method: Method, input: unknown) => Error;
}

/** Retries the calls of a client. An attempt that received more than the one before is progress. */
export function retryClient<C extends object>(
  client: C,
  methods: Methods<C>,
  { policy, onSuccess, toError }: ClientRetry<keyof C & string>,
): C {
  return createClient<C>(methods, async (name, input, call) => {
    const method = name as keyof C & string;
    let receivedBefore = call.received;
    const attempt = (count: number): Promise<unknown> => {
      call.attempt = count;
      receivedBefore = call.received;
      return callMethod(client, method, input, call);
    };
    try {
      const result = await withRetry(policy(method, input), attempt, () => call.received > receivedBefore);
      onSuccess();
      return result;
    } catch (error) {
      throw toError(error, method, input);
    }
  });
}
