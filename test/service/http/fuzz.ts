/** Requests that are wrong in many ways, made of the OpenAPI document: the same for the same seed. */
import type { InjectOptions } from 'fastify';
import { createOpenApi, type OpenApiDocument } from '../../../src/service/http/openapi.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly enum?: readonly string[];
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly body: Schema | undefined;
}

const NASTY_TEXTS = [
  '',
  ' ',
  'none',
  's1',
  'nightly',
  '../../etc/passwd',
  '/etc/passwd',
  '__proto__',
  'constructor',
  'a\u0000b',
  '\ud800',
  'ä'.repeat(300),
  '[secret]',
  'secrets:a:b',
  'secrets:',
  '0 0 1 * * *',
  '* * * * *',
  '99 99 99 99 99 99',
  'Europe/Berlin',
  '${7*7}',
  '%s%n',
  '1-5,7',
  'https://user:pass@host:99999/?q#f',
  'x'.repeat(5000),
];
const NASTY_NUMBERS = [0, -1, 1, 1.5, 1e308, -1e308, 2 ** 53, 4096, 65536, 2 ** 31, 1777683600000, 0.1];
const NASTY_PARTS = [
  '%',
  '%zz',
  '%00',
  '%2F',
  '..',
  '.',
  '%20',
  '',
  '*',
  ':name',
  'x'.repeat(9000),
  '%F0%9F%92%A9',
  '-1',
  '1e9',
];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class RequestFuzzer {
  private readonly random: () => number;
  private readonly document: OpenApiDocument = createOpenApi({ version: '0' });
  private readonly operations: readonly Operation[];

  constructor(seed: number) {
    this.random = createRandom(seed);
    this.operations = Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { parameters, requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        query: ((parameters ?? []) as { in: string; name: string }[])
          .filter((parameter) => parameter.in === 'query')
          .map(({ name }) => name),
        body: (requestBody as { content: Record<string, { schema: Schema }> } | undefined)?.content['application/json']
          ?.schema,
      })),
    );
  }

  next(): InjectOptions {
    const operation = this.pick(this.operations);
    // The stream has no end.
    if (operation.path === '/v2/events') return this.next();
    const method = this.chance(0.05)
      ? this.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])
      : operation.method;
    const path = operation.path.replace(/\{(\w+)\}/g, () =>
      this.chance(0.65)
        ? this.pick(['s1', 'c1', 'nightly', 'weekly', '17', '1777683600000', 'pre-release-7', 'pre*', '551230011'])
        : this.part(),
    );
    const query = operation.query.map(
      (name) =>
        `${name}=${this.chance(0.5) ? this.part() : this.pick(['1', '2', 'running', '!x', 'true', 'FAILED', 'FULL,MARKER', '2026-05-02T09:00:00Z', 'nightly'])}`,
    );
    if (this.chance(0.05)) query.push(this.part());
    const payload = this.payload(operation.body);
    return {
      method: method as 'GET',
      url: `${path}${this.chance(0.02) ? `/${this.part()}` : ''}${query.length === 0 ? '' : `?${query.join('&')}`}`,
      headers: this.chance(0.15)
        ? {
            'content-type': this.pick(['text/xml', ';;', 'application/json; charset=x', '']),
            'if-match': this.pick(['*', '"x"', '', '"', ',,', 'W/"a", "b"']),
            ...(this.chance(0.3) ? { 'if-none-match': this.pick(['*', '"x"', '']) } : {}),
          }
        : {},
      ...(payload === undefined || method === 'GET' || method === 'HEAD' ? {} : { payload }),
    };
  }

  private payload(schema: Schema | undefined): string | Buffer | undefined {
    if (schema === undefined) return this.chance(0.1) ? 'not read' : undefined;
    const text = JSON.stringify(this.value(schema, 0));
    const kind = this.random();
    if (kind < 0.7) return text;
    if (kind < 0.8) return text.slice(0, Math.floor(this.random() * text.length));
    if (kind < 0.85) return `${text}${this.pick(['x', '{}', ',', '\u0000', '\n\n', ' // comment'])}`;
    if (kind < 0.9)
      return this.pick(['', ' ', 'null', '[]', '0', '""', 'true', '[[[[', '{"":""}', '{"__proto__":{}}', '\ufeff{}']);
    const bytes = Buffer.from(text);
    for (let i = 0; i < 3 && bytes.length > 0; i++)
      bytes[Math.floor(this.random() * bytes.length)] = Math.floor(this.random() * 256);
    return bytes;
  }

  /** A value that fits the schema in most places, and in some not. */
  private value(schema: Schema, depth: number): unknown {
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace('#/components/schemas/', '');
      return this.value(this.document.components.schemas[name]!, depth);
    }
    if (this.chance(0.06)) return this.pick([null, true, [], {}, [{}], ...NASTY_TEXTS, ...NASTY_NUMBERS]);
    if (schema.enum !== undefined) return this.chance(0.9) ? this.pick(schema.enum) : this.pick(NASTY_TEXTS);
    switch (schema.type) {
      case 'object':
        return this.object(schema, depth);
      case 'array':
        return Array.from({ length: Math.floor(this.random() * 3) }, () => this.value(schema.items ?? {}, depth + 1));
      case 'integer':
      case 'number':
        return this.chance(0.5) ? Math.floor(this.random() * 10_000) : this.pick(NASTY_NUMBERS);
      case 'boolean':
        return this.chance(0.5);
      default:
        return this.pick(NASTY_TEXTS);
    }
  }

  private object({ properties, additionalProperties }: Schema, depth: number): unknown {
    const entries: [string, unknown][] = [];
    const share = depth > 3 ? 0.2 : 0.5;
    for (const [key, schema] of Object.entries(properties ?? {})) {
      if (this.chance(share)) entries.push([key, this.value(schema, depth + 1)]);
    }
    if (additionalProperties !== undefined && additionalProperties !== false) {
      const names = ['s1', 'c1', 'nightly', this.pick(NASTY_TEXTS)].filter(() => this.chance(0.5));
      for (const name of names) entries.push([name, this.value(additionalProperties, depth + 1)]);
    }
    if (this.chance(0.05)) entries.push([this.pick(NASTY_TEXTS), this.pick(NASTY_NUMBERS)]);
    return Object.fromEntries(entries);
  }

  private part(): string {
    return this.chance(0.7)
      ? this.pick(NASTY_PARTS)
      : encodeURIComponent(this.pick(NASTY_TEXTS.filter((text) => text !== '\ud800')));
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }
}
