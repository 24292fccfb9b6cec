import { expect, test } from 'vitest';
import { logText, type LogLine } from '../../../src/core/log.js';
import { ConfigStore } from '../../../src/service/config-source/config-store.js';
import { listVariables, readEnvironmentSettings } from '../../../src/service/config-source/environment-settings.js';
import { MemorySource, sampleDocument, SILENT } from './memory-source.js';

async function openWith(
  environment: Record<string, string>,
  text = sampleDocument(),
): Promise<[ConfigStore, MemorySource]> {
  const source = new MemorySource(text);
  const variables = readEnvironmentSettings(environment);
  return [await ConfigStore.open({ source, log: SILENT, variables }), source];
}

function reportLines(environment: Record<string, string>): string[] {
  const lines: string[] = [];
  const info = (line: LogLine): void => void lines.push(logText(line));
  readEnvironmentSettings(environment).report({ ...SILENT, info });
  return lines;
}

test('every key of the static part has a variable of its own', () => {
  const variables = listVariables();
  expect(variables.size).toBeGreaterThan(40);
  expect([...variables].map(([name, { path }]) => [name, path.join('.')])).toEqual(
    expect.arrayContaining([
      ['ABS_SERVICE_HTTP_PORT', 'service.http.port'],
      ['ABS_SERVICE_HTTP_RATE_WHITE_LIST', 'service.http.rate.white-list'],
      ['ABS_SERVICE_LOGGER_FILE_WRITER_MAXSIZE', 'service.logger.file-writer.maxsize'],
      ['ABS_SERVICE_BACKUP_PARALLEL_RESTORES', 'service.backup.parallel-restores'],
    ]),
  );
});

test('variables come before the document: numbers, flags, texts and lists', async () => {
  const [store] = await openWith(
    {
      ABS_SERVICE_HTTP_PORT: '9000',
      ABS_SERVICE_HTTP_DISABLED: 'FALSE',
      ABS_SERVICE_HTTP_CONTEXT_PATH: '/abs',
      ABS_SERVICE_HTTP_RATE_WHITE_LIST: '10.0.0.0/8, 127.0.0.1',
      ABS_SERVICE_HTTP_TIMEOUT: '',
    },
    'service: { http: { port: 8080, timeout: 7 } }',
  );
  expect(store.document.service).toEqual({
    http: {
      ...{ port: 9000, timeout: 7, disabled: false, 'context-path': '/abs' },
      rate: { 'white-list': ['10.0.0.0/8', '127.0.0.1'] },
    },
  });
});

test('a change through the API does not write values of variables, and does not show them', async () => {
  const [store, source] = await openWith({
    ABS_SERVICE_HTTP_PORT: '9000',
    ABS_SERVICE_HTTPS_KEY_FILE_PASSWORD: 'hunter3',
    ABS_SERVICE_HTTPS_DISABLED: 'true',
  });
  const changes: (number | undefined)[] = [];
  store.onChange(({ before, after }) => changes.push(before.service?.http?.port, after.service?.http?.port));
  await store.add('backup-policies', 'weekly', {});
  await store.replace(store.redacted());
  expect(changes).toEqual([9000, 9000, 9000, 9000]);
  expect(source.text).toContain('weekly');
  expect(source.text + JSON.stringify(store.redacted())).not.toMatch(/9000|hunter3/);
  expect(store.document.service?.https?.['key-file-password']).toBe('hunter3');
});

test('a document that only variables make complete is accepted', async () => {
  const text = 'service: { https: { cert-file: /c.pem } }';
  await expect(openWith({}, text)).rejects.toThrow('service.https.key-file: is required');
  const [store] = await openWith({ ABS_SERVICE_HTTPS_KEY_FILE: '/k.pem', ABS_SERVICE_HTTPS_DISABLED: 'true' }, text);
  expect(store.document.service?.https).toMatchObject({ 'cert-file': '/c.pem', 'key-file': '/k.pem' });
});

test('wrong values are refused all at once, by the names of their variables and without secrets', async () => {
  expect(() =>
    readEnvironmentSettings({
      ABS_SERVICE_HTTP_PORT: '70000',
      ABS_SERVICE_HTTP_TIMEOUT: 'hunter2',
      ABS_SERVICE_HTTP_DISABLED: 'yes',
      ABS_SERVICE_LOGGER_LEVEL: 'LOUD',
    }),
  ).toThrow(
    expect.objectContaining({
      code: 'SERVICE_INVALID',
      message: expect.stringMatching(
        /^(?!.*hunter2)(?=.*ABS_SERVICE_HTTP_PORT: expected a whole number from 1 to 65535, got 70000)(?=.*ABS_SERVICE_HTTP_TIMEOUT: expected a whole number)(?=.*ABS_SERVICE_HTTP_DISABLED: expected true or false)(?=.*ABS_SERVICE_LOGGER_LEVEL: expected one of)/s,
      ) as string,
    }) as Error,
  );
  await expect(openWith({ ABS_SERVICE_REPLICAS_STORAGE: 'none' })).rejects.toThrow(
    'ABS_SERVICE_REPLICAS_STORAGE (service.replicas.storage: storage "none" not found)',
  );
});

test('the log says which keys have values of variables, and names variables that belong to no key', () => {
  const environment = { ABS_SERVICE_HTTP_PRT: '1', ABS_SERVICE_HTTP_PORT: '9000', PATH: '/bin' };
  expect(reportLines(environment)).toEqual([
    'service.http.port has the value of ABS_SERVICE_HTTP_PORT',
    expect.stringMatching(/^Warning: ABS_SERVICE_HTTP_PRT of the environment belongs to no key.*ABS_SERVICE_HTTP_PORT/),
  ]);
  const kubernetes = {
    ABS_SERVICE_HOST: '10.0.0.1',
    ABS_SERVICE_PORT_HTTP: '8080',
    ABS_PORT_8080_TCP_ADDR: '10.0.0.1',
  };
  expect(reportLines({ PATH: '/bin', ...kubernetes, ABS_PORT: 'tcp://10.0.0.1:8080' })).toEqual([]);
});
