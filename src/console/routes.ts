/**
 * Views of the console and their addresses. They are behind the `#`, so that the page works below any path. A reload or
 * a bookmark leads back to the same view.
 */

export const SECTIONS = ['routines', 'timeline', 'backups', 'jobs', 'configuration', 'webhooks'] as const;
export type Section = (typeof SECTIONS)[number];

export interface Route {
  readonly section: Section;
  /** Behind the section, decoded: storage and id of a backup, or id of a job. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** `#/backups/s3/nightly-1?routine=daily`; anything unknown leads to the routines. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [section, ...rest] = path.split('/').filter((part) => part !== '');
  const known = SECTIONS.find((one) => one === section);
  if (known === undefined) return { section: 'routines', path: [], query: {} };
  return { section: known, path: rest.map(decode), query: Object.fromEntries(new URLSearchParams(search)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Values that are undefined or empty are left out of the query. */
export function formatRoute(
  section: Section,
  path: readonly string[] = [],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]): [string, string][] =>
      value === undefined || value === '' ? [] : [[key, value]],
    ),
  ).toString();
  return `#/${[section, ...path.map(encodeURIComponent)].join('/')}${search === '' ? '' : `?${search}`}`;
}
