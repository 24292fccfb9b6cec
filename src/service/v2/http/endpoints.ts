/**
 * Every endpoint below /v2 with every status that it answers with. The routes, the OpenAPI document, the page
 * docs/reference/service-api.md and the tests are made of this table.
 */
import { BACKUPS, JOBS, RESTORES, STATE } from './data-endpoints.js';
import type { V2Endpoint } from './endpoint.js';
import { ROUTINES, SERVICE, SETTINGS } from './service-endpoints.js';

const COMMON: Readonly<Record<number, string>> = {
  400: 'A parameter is unknown or malformed',
  401: '`unauthorized`: the credentials are missing or wrong',
  403: '`forbidden`: the scope does not suffice, or the request comes from another page or machine',
  429: '`too-many-requests`: more requests or failed logins from one address than the rate allows',
  500: '`internal`: an unexpected error',
};

/** In the order of the documentation. */
export const V2_ENDPOINTS: readonly V2Endpoint[] = [
  ...BACKUPS,
  ...RESTORES,
  ...JOBS,
  ...STATE,
  ...ROUTINES,
  ...SETTINGS,
  ...SERVICE,
].map((endpoint) => ({ ...endpoint, failures: { ...COMMON, ...endpoint.failures } }));
