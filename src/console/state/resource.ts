/** Something that a view reads from the service, and reads again when an event says that it has changed. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { revisions, type Topic } from './connection.js';

export interface Resource<T> {
  /** The last answer; it stays while a newer one is waited for, and if that fails. */
  readonly data: T | undefined;
  /** Of the last request. */
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * @param key what is read; another key forgets the answer of the former. Undefined = nothing is read
 */
export function useResource<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  topics: readonly Topic[] = [],
): Resource<T> {
  const [state, setState] = useState<{ key: string | undefined; data?: T; error?: Error; isLoading: boolean }>({
    key,
    isLoading: key !== undefined,
  });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const revision = topics.map((topic) => revisions[topic].value).join();
  useEffect(() => {
    if (key === undefined) return;
    const aborter = new AbortController();
    const isCurrent = (): boolean => !aborter.signal.aborted;
    setState((before) => (before.key === key ? { ...before, isLoading: true } : { key, isLoading: true }));
    latest.current(aborter.signal).then(
      (data) => {
        if (isCurrent()) setState({ key, data, isLoading: false });
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        const reason = error instanceof Error ? error : new Error(String(error));
        setState((before) => ({ ...before, key, error: reason, isLoading: false }));
      },
    );
    return () => aborter.abort();
  }, [key, attempt, revision]);
  const reload = useCallback(() => setAttempt((before) => before + 1), []);
  const { data, error, isLoading } = state.key === key ? state : { data: undefined, error: undefined, isLoading: true };
  return { data, error, isLoading, reload };
}
