/**
 * Makes the pictures of docs/guide/console.md: the web console over a service with invented backups, in the Chromium of
 * the system.
 *   --out DIR    another folder than docs/guide/images
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { FakeService } from '../../test/console/fake/fake-service.js';
import { findChromium, launchChromium } from '../../test/support/chromium.js';

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly isDark?: boolean;
  readonly prepare?: (page: Page) => Promise<void>;
}

const PICTURES: readonly Picture[] = [
  { name: 'console-routines', hash: '#/routines', width: 1180, height: 760 },
  {
    name: 'console-timeline',
    hash: '#/timeline?storage=s3-main',
    width: 1180,
    height: 900,
    prepare: async (page) => {
      await page.locator('.mark-failure').nth(1).hover();
    },
  },
  { name: 'console-backups', hash: '#/backups?storage=s3-main', width: 1180, height: 700, isDark: true },
  {
    name: 'console-plan',
    hash: '#/timeline?storage=s3-main',
    width: 1180,
    height: 820,
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Restore orders-3h…' }).click();
      await page.getByLabel('New names').fill('orders = orders_check');
      await page.getByLabel('Only these namespaces').fill('orders');
      await page.getByRole('button', { name: 'Show the plan' }).click();
      await page.getByRole('button', { name: 'Restore now' }).waitFor();
    },
  },
  { name: 'console-phone', hash: '#/backups?storage=s3-main', width: 390, height: 760 },
];

const { values } = parseArgs({ options: { out: { type: 'string', default: 'docs/guide/images' } } });
const path = findChromium();
if (path === undefined) {
  process.stderr.write('There is no Chromium: install the package chromium, or name one with the variable CHROMIUM.\n');
  process.exit(1);
}
mkdirSync(values.out, { recursive: true });
const service = await new FakeService().start();
const browser = await launchChromium(path);
try {
  for (const { name, hash, width, height, isDark = false, prepare } of PICTURES) {
    const page = await browser.newPage({
      viewport: { width, height },
      colorScheme: isDark ? 'dark' : 'light',
      timezoneId: 'UTC',
    });
    await page.goto(service.url + hash);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('.card, .list-row, .lane').first().waitFor();
    await prepare?.(page);
    const file = join(values.out, `${name}.png`);
    await page.screenshot({ path: file, animations: 'disabled' });
    await page.close();
    process.stdout.write(`${file}: ${Math.round(statSync(file).size / 1024)} KiB\n`);
  }
} finally {
  await browser.close();
  await service.stop();
}
