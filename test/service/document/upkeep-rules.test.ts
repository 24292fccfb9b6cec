import { expect, it } from 'vitest';
import { parseYaml } from '../../../src/service/config-source/yaml-text.js';
import { readDocument } from '../../../src/service/document/check-document.js';
import { ServiceDocument } from '../../../src/service/document/schema/service-document.js';
import { ServiceError } from '../../../src/service/errors.js';

function findProblems(routine: string, retention = '{}', local = ''): readonly string[] {
  const text = `
aerospike-clusters: { c: { seed-nodes: [{ host-name: h, port: 3000 }] } }
storage:
  s: { s3-storage: { bucket: b, path: a, s3-region: r } }
  same: { s3-storage: { bucket: b, path: a, s3-region: r } }
  other: { s3-storage: { bucket: b2, s3-region: r } }
  disk: { local-storage: { path: /backups${local === '' ? '' : `, ${local}`} } }
  elsewhere: { s3-storage: { bucket: b, path: a, s3-region: r, s3-endpoint-override: "http://h:9000" } }
backup-policies: { p: { retention: ${retention} } }
backup-routines:
  r: { source-cluster: c, storage: s, backup-policy: p, interval-cron: "@daily", namespaces: [n], ${routine} }
`;
  try {
    readDocument(parseYaml(ServiceDocument, text, 'test'));
    return [];
  } catch (error) {
    if (error instanceof ServiceError) return error.problems.length > 0 ? error.problems : [error.message];
    throw error;
  }
}

it.each([
  [
    'schedules and copies',
    'verify: { checksums: "@daily", deep: "@weekly", trial: "0 0 4 * * *", last: 3 }, copy-to: [other]',
  ],
  ['a copy under the same names at another endpoint', 'copy-to: [elsewhere]'],
])('%s are accepted', (_what, routine) => {
  expect(findProblems(routine, '{ max-age: 90d, max-size: 1000 }')).toEqual([]);
});

it.each([
  [
    'no schedule',
    'verify: { last: 3 }',
    'backup-routines.r.verify: expected at least one schedule of checksums, deep, trial',
  ],
  ['a schedule that is none', 'verify: { deep: never }', 'backup-routines.r.verify.deep: '],
  ['an unknown key', 'verify: { deeep: "@daily" }', 'backup-routines.r.verify.deeep: unknown key'],
  ['a copy to its own storage', 'copy-to: [s]', 'backup-routines.r.copy-to[0]: expected another storage'],
  ['a copy to the same place', 'copy-to: [other, same]', 'backup-routines.r.copy-to[1]: expected another storage'],
  ['a copy to nowhere', 'copy-to: [nowhere]', 'backup-routines.r.copy-to[0]: '],
])('%s is refused at its place', (_what, routine, problem) => {
  expect(findProblems(routine).join('\n')).toContain(problem);
});

it.each([
  ['an age that is none', '{ max-age: old }', 'backup-policies.p.retention.max-age: '],
  ['a size of nothing', '{ max-size: 0 }', 'backup-policies.p.retention.max-size: '],
])('%s is refused at its place', (_what, retention, problem) => {
  expect(findProblems('disabled: false', retention).join('\n')).toContain(problem);
});

it('schedules of a storage are checked as those of a routine', () => {
  const find = (verify: string): readonly string[] => findProblems('copy-to: [other]', '{}', `verify: ${verify}`);
  expect(find('{ checksums: "@daily", deep: "0 0 4 * * SUN", last: 3, trial-limit: 10 }')).toEqual([]);
  expect(find('{ last: 3 }')).toEqual([
    'storage.disk.local-storage.verify: expected at least one schedule of checksums, deep, trial',
  ]);
  expect(find('{ deep: never }')[0]).toContain('storage.disk.local-storage.verify.deep: ');
});
