/** Checks answers against the shapes of ABS 3.5.0. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'vitest';
import { ENDPOINTS } from '../../src/service/http/endpoints.js';
import type { Answer } from './service-process.js';

const FILE = fileURLToPath(new URL('../fixtures/service/abs-shapes.json', import.meta.url));

interface Shapes {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
  components: { schemas: Record<string, Record<string, unknown>> };
}

export const SHAPES = JSON.parse(readFileSync(FILE, 'utf8')) as Shapes;

const ajv = new Ajv({ strict: false, allErrors: true });
// The package is CommonJS.
(formats as unknown as (ajv: Ajv) => void)(ajv);
// `nullable`, `int64` and the like are those of OpenAPI 3.0.
ajv.addFormat('int64', true);
ajv.addFormat('binary', true);
// Since 3.6 the statuses of jobs have other names.
SHAPES.components.schemas['dto.JobStatus']!.enum = ['running', 'success', 'failure', 'canceled'];
// No answer has a null; the keyword stands beside none that ajv accepts it with.
const dropNullable = (key: string, value: unknown): unknown => (key === 'nullable' ? undefined : value);
ajv.addSchema({ $id: 'abs', components: JSON.parse(JSON.stringify(SHAPES.components, dropNullable)) as object });

/** Fails unless ABS declares the answer: its status, and the shape of a JSON document. */
export function expectShape(method: string, path: string, status: number, document: unknown): void {
  const responses = SHAPES.paths[path]?.[method.toLowerCase()]?.responses;
  expect(responses, `${method} ${path}`).toBeDefined();
  const response = responses![String(status)];
  if (response === undefined) return;
  const schema = Object.values(response.content ?? {})[0]?.schema;
  if (schema === undefined) {
    expect(document, `body of ${method} ${path}`).toBe('');
    return;
  }
  const check = ajv.compile(absolute(schema));
  expect(check(document), `${method} ${path} ${status}: ${ajv.errorsText(check.errors)}`).toBe(true);
}

const TEMPLATES = ENDPOINTS.map(({ method, path, success, failures, tag }) => {
  const pattern = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{\w+\}/g, '[^/]+');
  const isText = tag === 'System' && path !== '/version';
  const statuses = [success.status, ...Object.keys(failures).map(Number), 429];
  return { method, path, pattern: new RegExp(`^${pattern}$`), isText, statuses };
});

/** Fails unless ABS gives such an answer, too. Paths outside of /v1 that ABS does not have may answer as they like. */
export function expectAnswerShape(method: string, path: string, { status, text, json }: Answer): void {
  const endpoint = TEMPLATES.find((each) => each.method === method && each.pattern.test(path));
  if (endpoint === undefined) {
    expect(path, `${method} ${path}`).not.toMatch(/^\/v1(?:\/|$)/);
    return;
  }
  expect(endpoint.statuses, `${method} ${path}: ${text}`).toContain(status);
  if (status >= 400) expect(text, `${method} ${path}`).toMatch(/^[^\n]+\n$/);
  else expectShape(method, endpoint.path, status, endpoint.isText ? '' : (json ?? text));
}

/** With the references of the schema in the document of all shapes. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"abs#/components')) as object;
}
