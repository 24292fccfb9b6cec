/**
 * Clients of remote storages: objects whose methods have one input of plain data and a context. So the same few
 * wrappers serve all of them: retry, limits (decorators/), and the bridge that lets worker threads use them
 * (worker-bridge.ts).
 */

/** Accompanies one call through all its attempts. */
export interface CallContext {
  /** Counts from 1. */
  attempt: number;
  /** What earlier attempts of this call have received; the next attempt continues after it. */
  received: number;
  /** The version of the object that they received. */
  etag?: string | undefined;
  /** Called when the limits let the call begin. */
  onStart?: (() => void) | undefined;
}

/** The names of a client's methods. */
export type Methods<C> = readonly (keyof C & string)[];

type Invoke = (method: string, input: unknown, call: CallContext) => Promise<unknown>;

/** A client each of whose methods calls `invoke`. */
export function createClient<C>(methods: Methods<C>, invoke: Invoke): C {
  const entries = methods.map((method) => [
    method,
    (input: unknown, call: CallContext = { attempt: 1, received: 0 }) => invoke(method, input, call),
  ]);
  // Every method has the signature that Invoke covers; the compiler cannot relate the names to it.
  return Object.fromEntries(entries) as C;
}

/** Calls the method of that name. */
export function callMethod(client: object, method: string, input: unknown, call: CallContext): Promise<unknown> {
  const methods = client as Readonly<Record<string, (input: unknown, call: CallContext) => Promise<unknown>>>;
  return methods[method]!(input, call);
}

/** A client that is connected by its first call. */
export function createLazyClient<C extends object>(methods: Methods<C>, connect: () => Promise<C>): C {
  return createClient<C>(methods, async (method, input, call) => callMethod(await connect(), method, input, call));
}
