/** The web console over the service as its users start it: a backup, a verification and a restore, by clicks alone. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Particle } from '../../src/core/particle.js';
import { InMemoryCluster } from '../../src/node/cluster.js';
import { describeInBrowser, openPage } from '../console/browser.js';
import { readRecords } from '../support/cluster-contents.js';
import { findFreePort, startServiceProcess, type ServiceProcess } from '../support/service-process.js';
import { scratch } from '../support/target.js';

const RECORDS = 300;

const work = scratch();
let cluster: InMemoryCluster;
let port: number;
let running: ServiceProcess | undefined;

beforeAll(async () => {
  cluster = await InMemoryCluster.start({ namespaces: ['orders', 'restored'] });
  port = await findFreePort();
  for (let i = 0; i < RECORDS; i++) {
    const digest = createHash('sha1').update(`orders/${i}`).digest();
    const value = Buffer.from(`order ${i}`);
    const bins = [{ name: 'n', type: Particle.STRING, value }];
    cluster.store('orders').putRaw('users', digest, undefined, 1, 0, bins, Date.now() - 3_600_000);
  }
  mkdirSync(join(work.path, 'backups'));
});
afterEach(async () => {
  await running?.end('SIGKILL');
  running = undefined;
});
afterAll(async () => {
  await cluster.stop();
  work.remove();
});

/** The file of a configuration with one routine that is never due by itself. */
function writeConfiguration(more: object = {}): string {
  const file = join(work.path, 'service.yml');
  const { host, port: clusterPort } = cluster.seed;
  const document = {
    service: { http: { address: '127.0.0.1', port } },
    'aerospike-clusters': { main: { 'seed-nodes': [{ 'host-name': host, port: clusterPort }] } },
    storage: { disk: { 'local-storage': { path: join(work.path, 'backups') } } },
    'backup-policies': { plain: { parallel: 1 } },
    'backup-routines': {
      nightly: {
        'source-cluster': 'main',
        storage: 'disk',
        'backup-policy': 'plain',
        'interval-cron': '0 0 0 1 1 ? 2099',
        namespaces: ['orders'],
      },
    },
    ...more,
  };
  writeFileSync(file, stringify(document));
  return file;
}

describeInBrowser('console of a running service', () => {
  it('runs a routine, shows the run in all views, verifies it, and restores it under another name', async () => {
    running = await startServiceProcess(writeConfiguration());
    const page = await openPage(`http://127.0.0.1:${port}/ui/`);
    await page.getByText('Live', { exact: true }).waitFor();
    const card = page.getByRole('listitem', { name: 'nightly' });
    await card.getByText('No backup yet').waitFor();
    await card.getByRole('button', { name: 'Back up now' }).click();
    await card.getByText('On schedule').waitFor();
    await card.getByRole('link', { name: 'just now' }).click();

    await page.getByText('Complete', { exact: true }).first().waitFor();
    await page.getByRole('group', { name: 'Namespace orders' }).getByText(String(RECORDS)).first().waitFor();
    await page.getByRole('button', { name: 'Verify…' }).click();
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByText('nothing is wrong').waitFor();

    await page.getByRole('button', { name: 'Restore…' }).click();
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('alert').getByText('target-not-empty').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByLabel('New names').fill('orders = restored');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('button', { name: 'Restore now' }).click();
    await page.getByRole('heading', { name: 'What was restored' }).waitFor();
    expect((await readRecords(cluster, 'restored')).length).toBe(RECORDS);

    for (const [name, selector] of [
      ['Timeline', '.mark-full'],
      ['Backups', '.list-row'],
      ['Jobs', '.table'],
      ['Configuration', '.tree'],
    ] as const) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.locator(selector).first().waitFor();
    }
  });

  it('that is killed and started again, is noticed, and goes on', async () => {
    running = await startServiceProcess(writeConfiguration());
    const page = await openPage(`http://127.0.0.1:${port}/ui/`);
    await page.getByText('Live', { exact: true }).waitFor();
    await running.end('SIGKILL');
    await page.getByText('The service does not answer.', { exact: true }).waitFor();
    running = await startServiceProcess(writeConfiguration());
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('listitem', { name: 'nightly' }).waitFor();
  });

  it('with a section access, asks for a token, and offers what its scope allows', async () => {
    const token = 'asb_of-a-viewer';
    const hash = `sha256:${createHash('sha256').update(token).digest('hex')}`;
    running = await startServiceProcess(
      writeConfiguration({ access: { tokens: { viewer: { hash, scope: 'read' } } } }),
    );
    const page = await openPage(`http://127.0.0.1:${port}/ui/`);
    await page.getByLabel('API token').fill('asb_of-somebody-else');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('unauthorized').waitFor();
    await page.getByLabel('API token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('viewer', { exact: true }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const button = page.getByRole('listitem', { name: 'nightly' }).getByRole('button', { name: 'Back up now' });
    expect(await button.getAttribute('title')).toBe('Needs the scope backup');
  });
});
