/** Every action of the console, in a real browser over a service in memory. */
import { expect, it } from 'vitest';
import { describeInBrowser, openConsole, openPage, startFake } from './browser.js';

describeInBrowser('routines', () => {
  it('back up now, a run, its live progress and its end', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    const card = page.getByRole('listitem', { name: 'orders-3h' });
    await card.getByRole('button', { name: 'Back up now' }).click();
    await page.getByText('A full backup of orders-3h has started').waitFor();
    await card.getByText('Running', { exact: true }).waitFor();
    expect(service.seen('POST', /run$/)[0]).toMatchObject({
      path: '/v2/routines/orders-3h/run',
      body: { type: 'FULL' },
    });
    const backup = service.data.backups.at(-1)!;
    service.advance(backup, 55);
    await card.getByText('55 % · 660,000 records').waitFor();
    expect(await card.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('55');
    await page.locator('[role=status]', { hasText: 'Backup orders-3h: 55 %' }).waitFor({ state: 'attached' });
    service.endBackup(backup, 'COMPLETED');
    await page.getByText('Backup orders-3h is complete').waitFor();
    await card.getByText('On schedule').waitFor();
  });

  it('of none, verifications of storages with their last and next, as they are after the end of one', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    const card = page.getByRole('listitem', { name: 's3-main' });
    await card.getByText('nothing wrong').waitFor();
    expect(await page.getByRole('listitem', { name: 'archive' }).count()).toBe(0);
    const [check] = service.data.storages.find(({ name }) => name === 's3-main')!.verify!;
    Object.assign(check!, { sound: false, problem: '/backups/base/users_00000.asb: Block 0 is damaged' });
    const job = service.data.jobs.find(({ kind }) => kind === 'VERIFY')!;
    service.endJob(job, 'FAILED');
    await card.getByText('Block 0 is damaged').waitFor();
  });

  it('an incremental run, its cancel, disable and enable', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    const card = page.getByRole('listitem', { name: 'orders-3h' });
    await card.getByRole('button', { name: 'Incremental' }).click();
    await card.getByRole('button', { name: 'Cancel the run' }).click();
    await card.getByRole('button', { name: 'Back up now' }).waitFor();
    expect(service.seen('POST', /run$/)[0]!.body).toEqual({ type: 'DIFFERENTIAL' });
    expect(service.data.backups.at(-1)!.state).toBe('CANCELED');
    await card.getByRole('button', { name: 'Disable' }).click();
    await card.getByText('Disabled', { exact: true }).waitFor();
    await card.getByRole('button', { name: 'Enable' }).click();
    await card.getByText('On schedule').waitFor();
  });

  it('a run that is refused, the message of the service and its code', async () => {
    const service = await startFake();
    service.failNext('POST', /run$/, 409, 'busy', 'a run of orders-3h is under way');
    const page = await openConsole(service);
    const card = page.getByRole('listitem', { name: 'orders-3h' });
    await card.getByRole('button', { name: 'Back up now' }).click();
    await page.getByText('a run of orders-3h is under way (busy)').waitFor();
  });

  it('a failed run, its reason as a message that stays', async () => {
    const service = await startFake();
    const page = await openConsole(service);
    service.endBackup(
      service.data.backups.find(({ state }) => state === 'IN_PROGRESS')!,
      'FAILED',
      'No space is left',
    );
    await page.getByText('Backup analytics-weekly failed: No space is left').waitFor();
  });
});

describeInBrowser('backups', () => {
  it('a new one, created with what the form says, shown while it runs, canceled', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/backups?storage=s3-main');
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByLabel('Id', { exact: true }).fill('Not Allowed');
    await page.getByRole('button', { name: 'Back up', exact: true }).click();
    await page.getByRole('alert').getByText('invalid-id').waitFor();
    await page.getByLabel('Id', { exact: true }).fill('before-upgrade');
    await page.getByLabel('Only these namespaces').fill('orders, users.premium');
    await page.getByLabel('Cluster').selectOption('staging');
    await page.getByRole('button', { name: 'Back up', exact: true }).click();
    await page.getByRole('heading', { name: 'before-upgrade' }).waitFor();
    expect(service.seen('POST', /backups\/s3-main$/).at(-1)!.body).toEqual({
      id: 'before-upgrade',
      type: 'FULL',
      cluster: 'staging',
      include: ['orders', 'users.premium'],
    });
    service.advance(service.data.backups.at(-1)!, 30);
    await page.getByText('30 % · 360,000 records').waitFor();
    await page.getByRole('button', { name: 'Cancel the backup' }).click();
    await page.getByText('Canceled', { exact: true }).waitFor();
  });

  it('details, namespaces with their partitions', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/backups/archive/' + service.data.routines[0]!.running!);
    await page
      .getByRole('group', { name: 'Namespace events' })
      .getByText('1,556 of 4,096 partitions complete')
      .waitFor();
    await page.getByText('16 ranges of partitions').first().click();
    await page.getByRole('cell', { name: '1536-1791' }).first().waitFor();
  });

  it('hold and release, with the reason', async () => {
    const service = await startFake();
    const id = service.data.backups.filter(({ routine }) => routine === 'orders-3h').at(-1)!.id;
    const page = await openConsole(service, `#/backups/s3-main/${id}?routine=orders-3h`);
    await page.getByRole('button', { name: 'Hold…' }).click();
    await page.getByLabel('Reason').fill('Investigation');
    await page.getByRole('button', { name: 'Hold', exact: true }).click();
    await page.getByText('Held: Investigation.').waitFor();
    expect(await page.getByRole('button', { name: 'Delete…' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Release' }).click();
    await page.getByRole('button', { name: 'Hold…' }).waitFor();
    expect(service.seen('POST', /hold$/)[0]).toMatchObject({
      query: { routine: 'orders-3h' },
      body: { reason: 'Investigation' },
    });
  });

  it('delete, only after the id is typed, and with dependents only if they go, too', async () => {
    const service = await startFake();
    const base = service.data.backups.filter((one) => one.routine === 'orders-3h' && one.type === 'FULL').at(-1)!;
    const page = await openConsole(service, `#/backups/s3-main/${base.id}?routine=orders-3h`);
    await page.getByRole('button', { name: 'Delete…' }).click();
    const confirm = page.getByRole('button', { name: 'Delete', exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel('Type the id').fill(base.id.slice(1));
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel('Type the id').fill(base.id);
    await confirm.click();
    await page.getByRole('alert').getByText('has-dependents').waitFor();
    await page.getByLabel('Also delete the backups that build on it').check();
    await confirm.click();
    await page.getByText(`Backup ${base.id} is deleted`).waitFor();
    await page.getByRole('heading', { name: 'Backups' }).waitFor();
    expect(service.seen('DELETE', /./).at(-1)!.query).toMatchObject({ cascade: 'true', routine: 'orders-3h' });
    expect(await page.getByRole('link', { name: base.id }).count()).toBe(0);
  });

  it('verify and copy, jobs with their results', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/backups/s3-main/pre-release-7');
    await page.getByRole('button', { name: 'Verify…' }).click();
    await page.getByLabel('Checksums only').check();
    await page.getByRole('button', { name: 'Verify', exact: true }).click();
    await page.getByText('The verification has started').waitFor();
    expect(service.seen('POST', /verify$/)[0]!.body).toEqual({ 'checksums-only': true });
    const problems = [{ path: 'orders_00000.asb', text: 'Its checksum differs' }];
    service.endJob(service.data.jobs[0]!, 'COMPLETED', { verify: { sound: false, files: 48, bytes: 1000, problems } });
    await page.getByText('1 problem').waitFor();
    await page.getByRole('button', { name: 'Copy…' }).click();
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('The copy has started').waitFor();
    expect(service.seen('POST', /copy$/)[0]!.body).toEqual({ to: 'archive', verify: true });
    await page.getByRole('link', { name: 'Verification of pre-release-7' }).first().click();
    await page.getByText('Its checksum differs').waitFor();
  });

  it('restore, the plan with its refusal first, then the restore as a job', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/backups/s3-main/pre-release-7');
    await page.getByRole('button', { name: 'Restore…' }).click();
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByText('there are records in orders, users, catalog').waitFor();
    await page.getByRole('alert').getByText('target-not-empty').waitFor();
    expect(await page.getByRole('button', { name: 'Restore now' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByLabel('Only these namespaces').fill('orders');
    await page.getByLabel('New names').fill('orders = orders_check');
    await page.getByLabel('Into the cluster').selectOption('staging');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByText('The target is empty.').waitFor();
    expect(service.seen('POST', /restore$/).every(({ query }) => query.plan === 'true')).toBe(true);
    await page.getByRole('button', { name: 'Restore now' }).click();
    await page.getByRole('heading', { name: 'Restore of pre-release-7' }).waitFor();
    expect(service.seen('POST', /restore$/).at(-1)).toMatchObject({
      query: {},
      body: { 'on-existing': 'refuse', cluster: 'staging', include: ['orders'], rename: { orders: 'orders_check' } },
    });
    service.emit({
      type: 'restore.progress',
      job: service.data.jobs[0]!.id,
      progress: { percent: 20, records: 5, bytes: 9 },
    });
    await page.getByText('20 % · 5 records').waitFor();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('Canceled', { exact: true }).waitFor();
  });
});

describeInBrowser('timeline', () => {
  it('zoom with wheel, buttons and keys, the moment by a click and by keys', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/timeline?storage=s3-main');
    const frame = page.getByRole('group', { name: 'Timeline of 6 namespaces' });
    const span = page.locator('.timeline-span');
    const all = await span.textContent();
    const box = (await frame.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    await page.mouse.wheel(0, -400);
    await expect.poll(() => span.textContent()).not.toBe(all);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await expect.poll(() => span.textContent()).toBe(all);
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(() => span.textContent()).not.toBe(all);
    await frame.focus();
    await page.keyboard.press('0');
    await expect.poll(() => span.textContent()).toBe(all);
    await page.keyboard.press('+');
    const near = await span.textContent();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => span.textContent()).not.toBe(near);
    const moment = page.getByLabel('Moment, in your time zone');
    const latest = await moment.inputValue();
    await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(() => moment.inputValue()).not.toBe(latest);
    await page.keyboard.press('0');
    await page.mouse.click(box.x + 8, box.y + 40);
    await page.getByText('Nothing: the first backup is later').first().waitFor();
  });

  it('gaps and failures, told on the picture and as text', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/timeline?storage=s3-main');
    await page.locator('.mark-failure').first().hover();
    await page.locator('.tooltip', { hasText: 'The node BB9020011AC4202 did not answer within 10 s' }).waitFor();
    await page.getByText('The timeline as text').click();
    await page
      .getByText(/^Gap from .*is not complete/)
      .first()
      .waitFor();
    await page
      .getByText(/Range from .*held: \d{13}/)
      .first()
      .waitFor();
  });

  it('restore to a moment, the plan of the routine, and the moment in the request', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/timeline?storage=s3-main');
    await page.getByRole('button', { name: 'Restore orders-3h…' }).click();
    await page.getByLabel('Records that exist').selectOption('overwrite');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByText('increments do not know deletions').waitFor();
    await page.getByRole('button', { name: 'Restore now' }).click();
    await page.getByRole('heading', { name: /^Restore of state at/ }).waitFor();
    const newest = service.data.backups.filter((one) => one.routine === 'orders-3h').at(-1)!.created;
    const body = service.seen('POST', /restore\/s3-main$/).at(-1)!.body as { time: string };
    expect(body).toMatchObject({ routine: 'orders-3h', 'on-existing': 'overwrite' });
    expect(body.time >= newest).toBe(true);
  });
});

describeInBrowser('other views', () => {
  it('the configuration, entities without secrets', async () => {
    const service = await startFake();
    const page = await openConsole(service, '#/configuration');
    await page.getByText('as-1.example.com').waitFor();
    expect(await page.locator('.secret').count()).toBe(3);
  });

  it('dead letters, sent again and forgotten', async () => {
    const service = await startFake({ data: ({ letters }) => letters.push({ ...letters[0]!, id: 'msg-482' }) });
    const page = await openConsole(service, '#/webhooks');
    await page.getByRole('button', { name: 'Send again' }).first().click();
    await expect.poll(() => page.getByRole('button', { name: 'Send again' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Forget' }).click();
    await page.getByText('Every message was delivered').waitFor();
  });

  it('a service without anything, says in each view what to do', async () => {
    const service = await startFake({
      data: (data) =>
        Object.assign(data, { storages: [], routines: [], backups: [], jobs: [], letters: [], config: {} }),
    });
    const page = await openConsole(service);
    for (const [name, text] of [
      ['Routines', 'No routine is configured'],
      ['Timeline', 'No storage is configured'],
      ['Backups', 'No storage is configured'],
      ['Jobs', 'No job has run yet'],
      ['Configuration', 'The configuration is empty'],
      ['Webhooks', 'Every message was delivered'],
    ] as const) {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByText(text).waitFor();
    }
  });

  it('sign-in, a wrong token, a right one kept in this tab only, and sign-out', async () => {
    const service = await startFake({ token: 'right-token', scopes: ['read'] });
    const page = await openPage(service.url);
    await page.getByLabel('API token').fill('wrong-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('The token is not valid').waitFor();
    await page.getByLabel('API token').fill('right-token');
    await page.keyboard.press('Enter');
    await page.getByText('operator').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const buttons = page.getByRole('button', { name: 'Back up now' });
    expect(await buttons.first().isDisabled()).toBe(true);
    expect(await buttons.first().getAttribute('title')).toBe('Needs the scope backup');
    expect(await page.evaluate('[localStorage.length, document.cookie, sessionStorage.length]')).toEqual([0, '', 1]);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API token').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('a token that is withdrawn while the page is open, asks for another one', async () => {
    const service = await startFake({ token: 'first' });
    const page = await openPage(service.url);
    await page.getByLabel('API token').fill('first');
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    service.token = 'second';
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByText('the token is no longer valid').waitFor();
  });
});
