import type { V2Endpoint } from './endpoint.js';

/** Parameters that have another name in the query than in the table. */
const OTHER_NAMES: Readonly<Record<string, string>> = { 'job-state': 'state' };

/** The parameters of the query as clients call them. */
export function readQueryNames({ query = [] }: V2Endpoint): string[] {
  return query.map((name) => OTHER_NAMES[name] ?? name);
}
