/** The view that the address names. */
import { signal } from '@preact/signals';
import { formatRoute, parseRoute, type Section } from '../routes.js';

export const route = signal(parseRoute(location.hash));

export function startRouting(): void {
  addEventListener('hashchange', () => (route.value = parseRoute(location.hash)));
}

export function goTo(section: Section, path?: readonly string[], query?: Record<string, string | undefined>): void {
  location.hash = formatRoute(section, path, query);
}

/** The same view with other filters; not a step of the history. */
export function replaceQuery(query: Readonly<Record<string, string | undefined>>): void {
  const { section, path } = route.peek();
  const hash = formatRoute(section, path, query);
  if (hash === location.hash) return;
  history.replaceState(null, '', hash);
  route.value = parseRoute(hash);
}
