/** The console in a real browser: pages that remember every error, every violation of the policy and every request. */
import { afterAll, afterEach, describe } from 'vitest';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { findChromium, launchChromium } from '../support/chromium.js';
import { FakeService, type FakeOptions } from './fake/fake-service.js';

const path = findChromium();
if (path === undefined) {
  process.stderr.write('WARNING: there is no Chromium: the tests of the web console in a browser are SKIPPED.\n');
}

/** Skipped where there is no Chromium. */
export const describeInBrowser = describe.skipIf(path === undefined);

let browser: Promise<Browser> | undefined;
const services: FakeService[] = [];
const pages: Page[] = [];
/** What no page may do, whatever it shows. */
export const faults: string[] = [];

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
  const stopped = services.splice(0);
  await Promise.all(stopped.map((service) => service.stop()));
  const problems = [...faults.splice(0), ...stopped.flatMap((service) => service.problems)];
  if (problems.length > 0) throw new Error(problems.join('\n'));
});

afterAll(async () => {
  await (await browser)?.close();
});

export async function startFake(options: FakeOptions = {}): Promise<FakeService> {
  const service = await new FakeService(options).start();
  services.push(service);
  return service;
}

/** Statuses of answers that the browser itself reports as errors of the console. */
const FAILED_REQUEST = /Failed to load resource/;

export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= launchChromium(path!);
  const context = await (
    await browser
  ).newContext({
    viewport: { width: 1280, height: 800 },
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    ...options,
  });
  context.setDefaultTimeout(20_000);
  await context.addInitScript(
    "document.addEventListener('securitypolicyviolation', (event) => console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI))",
  );
  const page = await context.newPage();
  pages.push(page);
  const { host } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error' && !FAILED_REQUEST.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`page: ${error.message}`));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) faults.push(`request to another host: ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

/** A page of a service that is there, following its events. */
export async function openConsole(service: FakeService, hash = '', options: BrowserContextOptions = {}): Promise<Page> {
  const page = await openPage(service.url + hash, options);
  await page.getByText('Live', { exact: true }).waitFor();
  return page;
}
