import { useEffect, useState } from 'preact/hooks';

/** Whether a media query holds, now and after each change. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const listener = (): void => setMatches(list.matches);
    list.addEventListener('change', listener);
    listener();
    return () => list.removeEventListener('change', listener);
  }, [query]);
  return matches;
}
