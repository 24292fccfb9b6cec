/**
 * What this version can do. An option whose feature is missing is parsed and checked like any other and then refused by
 * name: a person must never believe that a filter or a key was applied when it was not. Features that come with several
 * options are switched here, single ones in their own table row.
 */
export const feature = {
  authentication: true,
  tls: true,
  secrets: true,
  configFiles: true,
  s3: true,
  compression: true,
  encryption: true,
  resume: true,
  estimate: true,
} as const satisfies Record<string, boolean>;

export type Feature = keyof typeof feature;

/** The switches as plain booleans, for code that must compile whichever way they stand. */
export function isAvailable(name: Feature): boolean {
  return feature[name];
}
