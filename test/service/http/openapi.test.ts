import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { packageVersion, serviceApiPage, serviceOpenApi } from '../../../scripts/docs/service-api.js';
import { checkValue } from '../../../src/service/document/check-value.js';
import { toJsonSchema, type JsonSchema } from '../../../src/service/document/json-schema.js';
import { createApp } from '../../../src/service/http/app.js';
import { ENDPOINTS } from '../../../src/service/http/endpoints.js';
import { EXAMPLES } from '../../../src/service/http/openapi-examples.js';
import { createOpenApi, SCHEMAS } from '../../../src/service/http/openapi.js';
import { Readiness } from '../../../src/service/http/readiness.js';
import { V2_ENDPOINTS } from '../../../src/service/v2/http/endpoints.js';
import { V2_EXAMPLES } from '../../../src/service/v2/http/openapi-examples.js';
import { V2_SCHEMAS } from '../../../src/service/v2/http/schemas.js';
import { createServices } from './fakes.js';

const document = createOpenApi({ version: '5.0.0' });

describe('OpenAPI document', () => {
  it('is valid', async () => {
    const { valid, errors } = await new Validator().validate(
      structuredClone(document) as unknown as Record<string, unknown>,
    );
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('has every endpoint with an operation id of its own and all of its statuses', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const count = ENDPOINTS.length + V2_ENDPOINTS.length;
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(count);
    for (const { method, path, success, failures } of ENDPOINTS) {
      const { responses } = document.paths[path]![method.toLowerCase()]!;
      expect(Object.keys(responses as object)).toEqual([String(success.status), ...Object.keys(failures)].sort());
    }
    for (const { method, path, success, failures } of V2_ENDPOINTS) {
      const { responses } = document.paths[path]![method.toLowerCase()]!;
      const statuses = new Set([...success.map(({ status }) => String(status)), ...Object.keys(failures)]);
      expect(Object.keys(responses as object)).toEqual([...statuses].sort());
    }
  });

  it('refers to schemas that are in it', () => {
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty([name!]);
    }
  });

  it('has one schema for each title', () => {
    const texts = new Map<string, string>();
    const visit = (schema: JsonSchema): void => {
      if (schema.title !== undefined) {
        const text = JSON.stringify(schema);
        expect(texts.get(schema.title) ?? text, schema.title).toBe(text);
        texts.set(schema.title, text);
      }
      const below = [...Object.values(schema.properties ?? {}), ...Object.values(schema.patternProperties ?? {})];
      for (const child of [...below, ...(schema.items === undefined ? [] : [schema.items])]) visit(child);
    };
    for (const schema of [...Object.values(SCHEMAS), ...Object.values(V2_SCHEMAS)]) visit(toJsonSchema(schema));
    expect(texts.size).toBeGreaterThan(20);
  });

  it('has examples that the service accepts', () => {
    for (const [name, schema] of Object.entries(SCHEMAS)) {
      expect(checkValue(schema, EXAMPLES[name as keyof typeof SCHEMAS], name)).toEqual([]);
    }
    for (const [name, schema] of Object.entries(V2_SCHEMAS)) {
      expect(checkValue(schema, V2_EXAMPLES[name as keyof typeof V2_SCHEMAS], name)).toEqual([]);
    }
  });

  it('and the table of endpoints are those of docs/reference; if this fails: npm run docs', () => {
    const read = (name: string): string => readFileSync(`docs/reference/${name}`, 'utf8');
    expect(JSON.parse(read('service-openapi.json'))).toEqual(JSON.parse(serviceOpenApi(packageVersion())));
    expect(read('service-api.md')).toBe(serviceApiPage());
  });
});

describe('/api-docs/', () => {
  const createTestApp = (contextPath: string) => {
    const services = createServices();
    return createApp({ services, readiness: new Readiness(services.config, services.probes), contextPath });
  };

  for (const contextPath of ['/', '/abs']) {
    const base = contextPath === '/' ? '' : contextPath;
    it(`below ${contextPath} shows the document with nothing from outside`, async () => {
      const app = createTestApp(contextPath);
      const page = await app.inject({ url: `${base}/api-docs/` });
      expect(page.statusCode).toBe(200);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(page.headers['content-security-policy']).not.toMatch(/unsafe|http|\*/);
      expect(page.body).not.toMatch(/https?:\/\//);
      const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
      expect(files.length).toBeGreaterThan(4);
      for (const file of files) {
        const answer = await app.inject({ url: new URL(file, `http://host${base}/api-docs/`).pathname });
        expect([file, answer.statusCode, answer.headers['x-content-type-options']]).toEqual([file, 200, 'nosniff']);
      }
      const json = await app.inject({ url: `${base}/api-docs/json` });
      expect(json.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: contextPath }] });
    });
  }

  it('is where the path without the slash leads, and has no other files', async () => {
    const app = createTestApp('/abs');
    const redirect = await app.inject({ url: '/abs/api-docs' });
    expect([redirect.statusCode, redirect.headers.location]).toEqual([301, '/abs/api-docs/']);
    for (const url of [
      '/abs/api-docs/none',
      '/abs/api-docs/static/none.js',
      '/abs/api-docs/static/%2e%2e/package.json',
    ]) {
      const answer = await app.inject({ url });
      expect([url, answer.statusCode]).toEqual([url, 404]);
    }
  });
});
