/** How the console behaves: long lists, keys, restarts, narrow screens, color schemes. */
import { expect, it } from 'vitest';
import { describeInBrowser, openConsole, openPage, startFake } from './browser.js';

const VIEWS = [
  '#/routines',
  '#/timeline?storage=s3-main',
  '#/backups?storage=s3-main',
  '#/backups/s3-main/pre-release-7',
  '#/jobs',
  '#/jobs/job-2',
  '#/configuration',
  '#/webhooks',
];

/** Longest frame while the function of the page runs, in milliseconds. */
const LONGEST_TASK = `new Promise((resolve) => {
  const view = document.querySelector('.list-view');
  let last = performance.now(), longest = 0, steps = 0;
  const step = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (++steps > 60) { resolve(longest); return; }
    view.scrollTop += view.scrollHeight / 60;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

describeInBrowser('10,000 backups', () => {
  it('page by page, all are read, few are in the document, search finds one at once', async () => {
    const service = await startFake({ extraBackups: 10_000 });
    const page = await openConsole(service, '#/backups?storage=s3-main');
    await page.getByText(/^10,\d{3} backups$/).waitFor();
    expect(service.seen('GET', /backups\/s3-main$/).length).toBeGreaterThan(10);
    expect(await page.locator('.list-row').count()).toBeLessThan(60);
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toMatch(/^10\d{3}$/);
    await page.evaluate(LONGEST_TASK);
    await page.getByRole('link', { name: 'load-09999' }).waitFor();
    await page.getByLabel('Search').fill('load-04711');
    await page.getByText(/^1 of 10,\d{3} backups/).waitFor();
    await page.getByRole('link', { name: 'load-04711' }).click();
    await page.getByRole('heading', { name: 'load-04711' }).waitFor();
    await page.goBack();
    expect(await page.getByLabel('Search').inputValue()).toBe('load-04711');
  });

  it('arrow keys, Page Down and End, the focus moves through rows that were not in the document', async () => {
    const service = await startFake({ extraBackups: 10_000 });
    const page = await openConsole(service, '#/backups?storage=s3-main');
    await page.getByText(/^10,\d{3} backups$/).waitFor();
    await page.locator('.list-row a').first().focus();
    await page.keyboard.press('ArrowDown');
    const focused = (): Promise<unknown> => page.evaluate("document.activeElement.closest('[data-row]')?.dataset.row");
    await expect.poll(focused).toBe('1');
    await page.keyboard.press('PageDown');
    await expect.poll(async () => Number(await focused())).toBeGreaterThan(5);
    await page.keyboard.press('End');
    await expect.poll(async () => Number(await focused())).toBeGreaterThan(9_999);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'load-09999' }).waitFor();
  });

  it('on the timeline, as many marks as there is room for', async () => {
    const service = await startFake({ extraBackups: 10_000 });
    const page = await openConsole(service, '#/timeline?storage=s3-main');
    await page.locator('.lane').first().waitFor();
    expect(await page.locator('.mark-full, .range').count()).toBeLessThan(1500);
    await page.getByText('The timeline as text').click();
    await page.getByText('The newest 100 of 10,000 ranges').waitFor();
  });

  it('filters by state and routine, kept in the address', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/backups?storage=s3-main');
    await page.getByLabel('State').selectOption('FAILED');
    await page.getByText(/^2 of \d+ backups/).waitFor();
    await page.getByLabel('Routine').selectOption('orders-3h');
    await page.getByText(/^1 of \d+ backups/).waitFor();
    await page.reload();
    await page.getByText(/^1 of \d+ backups/).waitFor();
    await page.getByLabel('Type').selectOption('FULL');
    await page.getByText('No backup matches').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByText(/^\d+ backups$/).waitFor();
  });
});

describeInBrowser('a service that', () => {
  it('restarts while the page is open, is noticed, and what changed meanwhile is shown', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    await service.stop();
    await page.getByText('The service does not answer.', { exact: true }).waitFor();
    await page.getByText('No connection').waitFor();
    service.data.routines[2]!.name = 'renamed-meanwhile';
    await service.start();
    await page.getByRole('listitem', { name: 'renamed-meanwhile' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByText('The service does not answer.', { exact: true }).count()).toBe(0);
  });

  it('is not there when the page is opened again, is waited for', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    service.failNext('GET', /session$/, 503, 'stopping', 'the service is stopping');
    await page.reload();
    await page.getByText('The service is stopping').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it('has no stream of events, is asked every few seconds', async () => {
    const service = await startFake({ withoutEvents: true });
    const page = await openPage(service.url);
    await page.getByText('Every few seconds').waitFor();
    service.data.routines[2]!.name = 'seen-by-polling';
    await page.getByRole('listitem', { name: 'seen-by-polling' }).waitFor();
  });

  it('answers a view with an error, is shown with message, code and advice, and asked again', async () => {
    const service = await startFake();
    service.failNext('GET', /ranges/, 502, 'upstream', 'the storage s3-main does not answer');
    const page = await openConsole(service, '#/timeline?storage=s3-main');
    const alert = page.getByRole('alert');
    await alert.getByText('The storage s3-main does not answer').waitFor();
    await alert.getByText('upstream').waitFor();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.lane').first().waitFor();
  });

  it('is below a context path, is used there', async () => {
    const service = await startFake({ contextPath: '/abs' });
    const page = await openConsole(service, '#/routines');
    await page.getByRole('listitem', { name: 'orders-3h' }).waitFor();
  });
});

describeInBrowser('the keyboard alone', () => {
  it('skips to the content, opens a view, and does an action in a dialog that gives the focus back', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/backups/s3-main/pre-release-7');
    await page.getByRole('button', { name: 'Verify…' }).waitFor();
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement.textContent || document.activeElement.ariaLabel')) === name)
          return;
      }
      throw new Error(`Tab does not reach ${name}`);
    };
    await tabTo('Verify…');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Verify backup' }).waitFor();
    await page.keyboard.press('ArrowDown');
    expect(await page.getByLabel('Checksums only').isChecked()).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Verify…');
    await page.keyboard.press('Enter');
    await tabTo('Verify');
    await page.keyboard.press('Enter');
    await page.getByText('The verification has started').waitFor();
    expect(service.seen('POST', /verify$/)).toHaveLength(1);
  });

  it('reaches the search with /, and the heading has the focus after a change of the view', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/routines');
    await page.getByRole('link', { name: 'Backups', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.outerHTML')).toMatch(/^<h1.*>Backups</);
    expect(await page.title()).toBe('Backups – Backup console');
    await page.locator('.list-row').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('analytics');
    await page.getByText(/^1 of \d+ backups/).waitFor();
  });

  it('landmarks and names, every button and field has one', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    for (const hash of VIEWS) {
      await page.goto(service.url + hash);
      await page.locator('h1').waitFor();
      for (const role of ['banner', 'navigation', 'main'] as const) expect(await page.getByRole(role).count()).toBe(1);
      const nameless = `[...document.querySelectorAll('button, input, select, a, dialog')].filter((element) =>
        !(element.textContent.trim() || element.ariaLabel || element.labels?.length)).map((element) => element.outerHTML)`;
      expect(await page.evaluate(nameless)).toEqual([]);
    }
  });
});

describeInBrowser('screens', () => {
  it.each([
    { width: 360, height: 740 },
    { width: 768, height: 1024 },
  ])('of %j, no horizontal scrolling in any view, and the menu where it is needed', async (viewport) => {
    const service = await startFake();
    const page = await openConsole(service, '', { viewport });
    for (const hash of VIEWS) {
      await page.goto(service.url + hash);
      await page.locator('.card, .lane, .list-row, .panel, .table').first().waitFor();
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect([hash, overflow]).toEqual([hash, 0]);
    }
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    expect(await page.getByRole('link', { name: 'Timeline' }).isVisible()).toBe(false);
  });

  it.each(['light', 'dark'] as const)('in %s colors, texts have enough contrast', async (colorScheme) => {
    const service = await startFake();
    const page = await openConsole(service, '', { colorScheme });
    const contrast = `(() => {
      const style = getComputedStyle(document.documentElement);
      const read = (name) => style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/gi).map((hex) => parseInt(hex, 16) / 255);
      const light = (name) => read(name).map((value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
      const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
      return [
        ['--text', '--ground'], ['--text', '--surface'], ['--text-muted', '--ground'], ['--text-muted', '--surface-sunken'],
        ['--accent', '--surface'], ['--accent-strong', '--accent-soft'], ['--on-accent', '--accent'], ['--good', '--surface'],
        ['--warning', '--surface'], ['--bad', '--surface'], ['--bad', '--bad-soft'],
      ].map(([a, b]) => [a, b, ratio(a, b)]).filter(([, , value]) => value < 4.5);
    })()`;
    expect(await page.evaluate(contrast)).toEqual([]);
    const background = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(background).toBe(colorScheme === 'light' ? 'rgb(245, 246, 248)' : 'rgb(18, 22, 27)');
  });
});
