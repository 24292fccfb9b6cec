/** Checks answers against the shapes of ABS 3.5.0. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect } from 'vitest';

const FILE = fileURLToPath(new URL('../../fixtures/service/abs-shapes.json', import.meta.url));

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

/** With the references of the schema in the document of all shapes. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"abs#/components')) as object;
}
