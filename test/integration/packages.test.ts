/**
 * The packages for Debian and RPM. The first is installed, used, upgraded and removed in a root of its own: what the
 * machine has, with a layer in memory above it that takes all changes. That takes root and the overlay file system.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../support/free-port.js';
import { canMountRoot, runInRoot } from '../support/overlay-root.js';
import { scratch, startServer } from '../support/target.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const has = (command: string): boolean => spawnSync(command, ['--version']).status === 0;
const hasDpkg = has('dpkg-deb');
const hasRpm = has('rpmbuild');
const TOOLS = ['aerospike-backup-service', 'asb', 'asbackup', 'asrestore'];

const work = scratch();
let server: Awaited<ReturnType<typeof startServer>>;
let deb = '';
let rpm = '';

const canMount = hasDpkg && canMountRoot(work.path);
if (!canMount || !hasRpm) {
  const missing = [...(canMount ? [] : ['root with overlay mounts and dpkg']), ...(hasRpm ? [] : ['rpmbuild'])];
  console.warn(`WARNING: tests of packages are SKIPPED for want of ${missing.join(', ')}`);
}

beforeAll(async () => {
  const only = hasDpkg && hasRpm ? [] : ['--only', hasDpkg ? 'deb' : 'rpm'];
  if (!hasDpkg && !hasRpm) return;
  const args = ['--fast', '--output', work.path, ...only];
  execFileSync(join(ROOT, 'scripts/build-packages'), args, { encoding: 'utf8' });
  const built = readdirSync(work.path);
  deb = join(work.path, built.find((name) => name.endsWith('.deb')) ?? '');
  rpm = join(work.path, built.find((name) => name.endsWith('.rpm')) ?? '');
  server = await startServer([]);
});

afterAll(async () => {
  await (server as typeof server | undefined)?.stop();
  work.remove();
});

/** What a user of both packages finds; the folder of systemd and completions of zsh differ. */
const COMMON = [
  ...TOOLS.flatMap((tool) => [
    `/usr/bin/${tool}`,
    `/usr/share/man/man1/${tool}.1.gz`,
    `/usr/share/bash-completion/completions/${tool}`,
    `/usr/share/fish/vendor_completions.d/${tool}.fish`,
  ]),
  '/usr/bin/asbackup-nightly',
  '/usr/lib/asbackup/LICENSE',
  '/usr/lib/asbackup/dist/bundle/asb.js',
  '/usr/lib/asbackup/node_modules/fastify/package.json',
  '/usr/lib/systemd/system/aerospike-backup-service.service',
  '/usr/lib/systemd/system/asbackup@.timer',
  '/etc/aerospike-backup-service/aerospike-backup-service.yml',
];
const UNWANTED = /\.d\.ts$|\.map$|\/dist\/node\/|node_modules\/(?:vitest|typescript|eslint|@types)\//;

describe('the deb', () => {
  it.skipIf(!hasDpkg)('holds the programs, their pages, completions and units, and nothing of the workshop', () => {
    const files = execFileSync('dpkg-deb', ['--fsys-tarfile', deb], { maxBuffer: 2 ** 28 });
    const listing = execFileSync('tar', ['-t'], { input: files, encoding: 'utf8', maxBuffer: 2 ** 26 });
    const names = listing.split('\n').map((name) => name.replace(/^\./, ''));
    expect(names).toEqual(expect.arrayContaining([...COMMON, '/usr/share/zsh/vendor-completions/_asb']));
    expect(names.filter((name) => UNWANTED.test(name))).toEqual([]);
    const depends = execFileSync('dpkg-deb', ['-f', deb, 'Depends'], { encoding: 'utf8' });
    expect(depends).toContain('nodejs (>= 20)');
  });

  it.skipIf(!canMount)(
    'is installed, backs up and restores, runs the service, keeps its configuration, and goes',
    async () => {
      const port = await findFreePort();
      const config = '/etc/aerospike-backup-service/aerospike-backup-service.yml';
      const at = `-h ${server.host}:${server.port} --no-config-file`;
      const source = ['Version 3.1', '# namespace test', '# first-file', '+ n test', `+ d ${'A'.repeat(27)}=`];
      writeFileSync(join(work.path, 'source.asb'), [...source, '+ g 1', '+ t 0', '+ b 1', '- I n 7', ''].join('\n'));
      const service = '/usr/bin/aerospike-backup-service';
      const { code, stdout, out } = runInRoot(
        work.path,
        `
      # Node.js may be there without its package.
      dpkg -s nodejs >/dev/null 2>&1 || force=--force-depends
      install() { dpkg --force-unsafe-io --no-triggers \${force:-} -i ${deb} >/dev/null; }
      install
      for tool in ${TOOLS.join(' ')}; do $tool --help >/dev/null; done
      mkdir /srv/backups
      asrestore ${at} -i ${join(work.path, 'source.asb')}
      asbackup ${at} -n test -d /srv/backups/one -z zstd
      asrestore --no-config-file --validate -d /srv/backups/one -z zstd
      bash -c '. /usr/share/bash-completion/completions/asbackup && complete -p asbackup'
      echo "user $(id -nG aerospike-backup-service)"
      stat -c 'mode %a %U %n' ${config} /var/lib/aerospike-backup-service
      sed -i 's/port: 8080/port: ${port}/' ${config}
      start() { setpriv --reuid aerospike-backup-service --regid aerospike-backup-service --clear-groups "$@"; }
      start ${service} -c ${config} --check-config
      start ${service} -c ${config} --data-directory /var/lib/aerospike-backup-service >/tmp/log 2>&1 & pid=$!
      until grep -o 'Listening on http[^ "]*' /tmp/log; do kill -0 $pid; sleep 0.1; done
      url=$(grep -o 'http://[^ "]*' /tmp/log | head -1)
      node -e "fetch('$url'.replace(/\\/\\$/, '') + '/health').then(async (a) => console.log('health', a.status))"
      kill $pid; wait $pid || true
      if command -v systemd-analyze >/dev/null; then
        cd /usr/lib/systemd/system && systemd-analyze verify --man=no aerospike-backup-service.service asbackup@test.timer
        systemd-analyze security --offline=true aerospike-backup-service.service | tail -1
      fi
      install
      grep -c 'port: ${port}' ${config}
      dpkg --force-unsafe-io --no-triggers -r asbackup >/dev/null
      ls /usr/bin/asbackup /usr/lib/asbackup ${config} 2>/dev/null || true
      dpkg --no-triggers -P asbackup >/dev/null
      ls -d /etc/aerospike-backup-service /var/lib/aerospike-backup-service 2>/dev/null || true
    `,
      );
      expect(code, out).toBe(0);
      expect(out).toContain('complete -F');
      expect(out).toContain('user aerospike-backup-service');
      expect(out).toContain(`mode 640 aerospike-backup-service ${config}`);
      expect(out).toContain('mode 700 aerospike-backup-service /var/lib/aerospike-backup-service');
      expect(out).toContain('health 200');
      if (out.includes('exposure level')) expect(out).toMatch(/exposure level for \S+: [01]\.\d OK/);
      expect(stdout.trim().split('\n').slice(-3)).toEqual(['1', config, '/var/lib/aerospike-backup-service']);
      expect(existsSync('/usr/lib/asbackup')).toBe(false);
    },
  );
});

describe('the rpm', () => {
  it.skipIf(!hasRpm)('holds the same, marks its configuration, and makes the user before its files are there', () => {
    const query = (...args: string[]) => execFileSync('rpm', ['-qp', ...args, rpm], { encoding: 'utf8' });
    const names = query('--list').split('\n');
    expect(names).toEqual(expect.arrayContaining([...COMMON, '/usr/share/zsh/site-functions/_asb']));
    expect(names.filter((name) => UNWANTED.test(name))).toEqual([]);
    expect(query('--configfiles').trim().split('\n').sort()).toEqual([
      '/etc/aerospike-backup-service/aerospike-backup-service.yml',
      '/etc/sysconfig/aerospike-backup-service',
      '/etc/sysconfig/asbackup',
    ]);
    expect(query('--requires')).toContain('nodejs >= 20');
    const scripts = query('--scripts');
    const [before = '', after = ''] = scripts.split('postinstall scriptlet');
    expect(before).toContain('useradd --system');
    expect(after).toContain('chown -R');
    for (const script of scripts.split(/^\w+ scriptlet.*$/m).filter((text) => text.trim() !== '')) {
      expect(spawnSync('sh', ['-n'], { input: script }).status, script).toBe(0);
    }
  });

  it.skipIf(!canMount || !hasRpm)('is installed, backs up, keeps its configuration in an upgrade, and goes', () => {
    const config = '/etc/aerospike-backup-service/aerospike-backup-service.yml';
    const at = `-h ${server.host}:${server.port} --no-config-file`;
    const { code, stdout, out } = runInRoot(
      work.path,
      `
      # A database of its own, which knows no package of this system: neither Node.js nor what makes users.
      rpm --initdb
      install() { rpm --force-debian --nodeps "$@" ${rpm}; }
      install --install
      rpm --query asbackup
      # The script of the package gives some of its files to its user.
      rpm --verify --nodeps --nouser --nogroup --nomode asbackup
      for tool in ${TOOLS.join(' ')}; do $tool --help >/dev/null; done
      mkdir /srv/backups
      asbackup ${at} -n test -d /srv/backups/one -z zstd
      asrestore --no-config-file --validate -d /srv/backups/one -z zstd
      stat -c 'mode %a %U %n' ${config} /var/lib/aerospike-backup-service
      echo '# mine' >>${config}
      install --upgrade --force
      grep -c mine ${config}
      rpm --force-debian --nodeps --erase asbackup 2>&1
      ls -d /usr/bin/asbackup /usr/lib/asbackup ${config} ${config}.rpmsave 2>/dev/null || true
    `,
    );
    expect(code, out).toBe(0);
    expect(out).toContain('asbackup-');
    expect(out).toContain(`mode 640 aerospike-backup-service ${config}`);
    expect(out).toContain('mode 700 aerospike-backup-service /var/lib/aerospike-backup-service');
    expect(stdout.trim().split('\n').slice(-3)).toEqual([
      '1',
      `warning: ${config} saved as ${config}.rpmsave`,
      `${config}.rpmsave`,
    ]);
    expect(existsSync('/usr/lib/asbackup')).toBe(false);
  });
});

describe('the unit of the service', () => {
  const unit = readFileSync(join(ROOT, 'examples/systemd/aerospike-backup-service.service'), 'utf8');

  it('lets the service write to its three directories only, without capabilities', () => {
    for (const line of [
      'User=aerospike-backup-service',
      'ConfigurationDirectory=aerospike-backup-service',
      'StateDirectory=aerospike-backup-service',
      'LogsDirectory=aerospike-backup-service',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'CapabilityBoundingSet=',
      'UMask=0027',
      'SystemCallFilter=@system-service',
      'Restart=on-failure',
      'EnvironmentFile=-/etc/default/aerospike-backup-service',
      'WantedBy=multi-user.target',
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
    expect([...unit.matchAll(/^ReadWritePaths=(.*)$/gm)].map(([, paths]) => paths)).toEqual([
      '/etc/aerospike-backup-service',
    ]);
  });
});
