/** The Dockerfile, as far as it can be checked without Docker: its instructions, its context, and its last stage. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../support/free-port.js';
import { canMountRoot, runInRoot } from '../support/overlay-root.js';
import { scratch } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const work = scratch();
afterAll(() => work.remove());
const canMount = canMountRoot(work.path);
if (!canMount) console.warn('WARNING: a test of the container is SKIPPED for want of root with overlay mounts');

/** Instruction and argument of each line, continued lines joined; by stages. */
const stages = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => /^([A-Z]+) (.*)$/.exec(line)!.slice(1) as [string, string])
  .reduce<[string, string][][]>((all, line) => {
    if (line[0] === 'FROM') all.push([]);
    all.at(-1)!.push(line);
    return all;
  }, []);
const [build = [], last = []] = stages;
const read = (instruction: string): string[] =>
  last.filter(([name]) => name === instruction).map(([, argument]) => argument);

describe('the Dockerfile', () => {
  it('ends in a stage that has no compiler, and a user without rights', () => {
    expect(stages).toHaveLength(2);
    expect(last[0]).toEqual(['FROM', 'node:22-slim']);
    expect(read('USER')).toEqual(['65532:65532']);
    expect(read('RUN').join()).not.toMatch(/apt-get|npm/);
    expect(read('HEALTHCHECK')[0]).toContain('CMD ["/opt/asbackup/container/healthcheck"]');
    expect(read('CMD')).toEqual(['["-c", "/etc/aerospike-backup-service/aerospike-backup-service.yml"]']);
  });

  it('is given everything that its build reads', () => {
    const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const path of allowed) expect(existsSync(join(ROOT, path)), path).toBe(true);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...`${scripts.build!} ${JSON.stringify(build)}`.matchAll(/scripts\/[a-z-]+(?:\.cjs)?/g)].map(
      ([name]) => name,
    );
    expect(named).toEqual(expect.arrayContaining(['scripts/build-wasm', 'scripts/packages']));
    expect(named.filter((name) => !allowed.includes(name))).toEqual([]);
    const copied = [...build, ...last]
      .filter(([name, argument]) => name === 'COPY' && !argument.startsWith('--from') && argument !== '. .')
      .flatMap(([, argument]) => argument.split(' ').slice(0, -1));
    expect(copied.filter((path) => !allowed.includes(path))).toEqual([]);
  });

  it.skipIf(!canMount)('runs tools and the service as user 65532 with a root that is read-only', async () => {
    const port = await findFreePort();
    const config = 'etc/aerospike-backup-service/aerospike-backup-service.yml';
    writeFileSync(join(work.path, 'service.yml'), `service: { http: { address: 127.0.0.1, port: ${port} } }\n`);
    // In place of COPY: the project as it was built.
    const copy = [
      `mkdir -p $ROOT/opt/asbackup; mount --bind ${ROOT} $ROOT/opt/asbackup`,
      `mkdir -p $ROOT/opt/asbackup-container; cp -r ${join(ROOT, 'packaging/container')}/. $ROOT/opt/asbackup-container`,
      `rm -f $ROOT/usr/local/bin/asb* $ROOT/usr/local/bin/asrestore $ROOT/usr/local/bin/aerospike-backup-service`,
    ].join('\n');
    const run = read('RUN').join('\n');
    const inContainer = 'setpriv --reuid 65532 --regid 65532 --clear-groups env HOME=/tmp';
    const entrypoint = '/opt/asbackup-container/entrypoint';
    const { code, out } = runInRoot(
      work.path,
      `
      ${run}
      cp ${join(work.path, 'service.yml')} /${config}
      mount -t tmpfs tmp /tmp
      chmod 1777 /tmp
      mount -o remount,ro /
      ! touch /backups/x 2>/dev/null
      cd /tmp
      ${inContainer} ${entrypoint} asbackup --version
      ${inContainer} ${entrypoint} asb --help
      HEALTHCHECK_URL=http://127.0.0.1:${port}/health; export HEALTHCHECK_URL
      check() { ${inContainer} node /opt/asbackup-container/healthcheck; }
      ! check
      ${inContainer} ${entrypoint} ${(JSON.parse(read('CMD')[0]!) as string[]).join(' ')} >/tmp/log 2>&1 & pid=$!
      until grep -q 'Listening on http' /tmp/log; do kill -0 $pid || { cat /tmp/log; exit 1; }; sleep 0.1; done
      check
      stat -c 'owner %u' /proc/$pid
      kill $pid; wait $pid || true
    `,
      copy,
    );
    expect(code, out).toBe(0);
    expect(out).toContain('owner 65532');
  });
});
