/** The pages of docs/reference about the REST interface of the service, made of the table of its endpoints. */
import { readFileSync } from 'node:fs';
import { ENDPOINTS, type Content, type Endpoint } from '../../src/service/http/endpoints.js';
import { createOpenApi } from '../../src/service/http/openapi.js';
import type { V2Content, V2Endpoint } from '../../src/service/v2/http/endpoint.js';
import { V2_ENDPOINTS } from '../../src/service/v2/http/endpoints.js';
import { readQueryNames } from '../../src/service/v2/http/query-names.js';

const INTRODUCTION = `# REST interface of the service

<!-- Made of src/service/http/endpoints.ts by "npm run docs". The tests ask each endpoint for each status. -->

The paths, documents and statuses are those of the Aerospike Backup Service 3.7. [service-openapi.json](service-openapi.json)
describes the documents; the service shows it under \`/api-docs/\`. \`service.http.context-path\` stands in front of all paths.

- Requests are JSON, at most 8 MiB, whatever their content type; unknown fields are refused.
- Errors are texts of one line (\`text/plain\`). No answer holds a secret: literal ones are shown as \`[secret]\`.
- Every endpoint answers 429 to an address that asks more often than \`rate\` allows, and every path 405 to a method that is
  not in the table, with the header \`Allow\`. \`HEAD\` answers like \`GET\`, without the body.
- Times are milliseconds since 1970 in queries, and RFC 3339 in UTC in documents.
- \`/ready?deep=true\` asks every storage and cluster, for at most five seconds. \`/ready\` alone says that the service listens.
`;

const COMMON_STATUSES = ['401', '403', '429', '500'];

const V2_INTRODUCTION = `## The second interface: /v2

Beside \`/v1\`, over the same backups: ids and states that last, errors with codes.

- Requests and answers are JSON. Unknown fields and unknown parameters are refused.
- Errors are documents \`{"code": …, "message": …, "details": …}\`, also of paths that do not exist (404 \`not-found\`) and methods that
  a path does not have (405 \`method-not-allowed\`, with the header \`Allow\`).
- Every endpoint answers 401 \`unauthorized\` and 403 \`forbidden\` as [access](../guide/service-access.md) is configured, 429
  \`too-many-requests\`, and 500 \`internal\` to what nobody expected. Each scope includes those before it: read, backup, restore, admin.
- 202 answers with the header \`Location\`. \`?wait=SECONDS\`, at most 60, answers when the work has ended, or with its state then.
- Lists are pages: \`limit\` (1 to 1000, 100 without it) and \`after\`, which takes \`next\` of the page before. A list by prefix is
  \`GET /v2/backups/STORAGE/PREFIX*\`.
- The configuration has tags: \`ETag\` of an answer, sent as \`If-Match\` with a change, makes it fail with 412 \`precondition-failed\` if
  somebody else was faster.
- \`/v2/events\` is a stream of server-sent events. After a break, \`Last-Event-ID\` brings what was missed, of the last 1,000; an event
  \`reset\` says that more was missed than is kept. Clients that do not read are dropped.
`;

export function serviceApiPage(): string {
  const tags = [...new Set(ENDPOINTS.map(({ tag }) => tag))];
  const sections = tags.map((tag) => {
    const endpoints = ENDPOINTS.filter((endpoint) => endpoint.tag === tag);
    return `## ${tag}\n\n${table([['request', 'success', 'body', 'failures'], ...endpoints.map(row)])}`;
  });
  const failures = ENDPOINTS.flatMap((endpoint) => (endpoint.failures[400] === undefined ? [] : [endpoint]));
  const reasons = failures.map((endpoint) => `- \`${endpoint.method} ${endpoint.path}\`: ${explain(endpoint)}`);
  return [INTRODUCTION, ...sections, `## Why requests fail\n\n${reasons.join('\n')}\n`, serviceV2Page()].join('\n');
}

function serviceV2Page(): string {
  const tags = [...new Set(V2_ENDPOINTS.map(({ tag }) => tag))];
  const sections = tags.map((tag) => {
    const rows = V2_ENDPOINTS.filter((endpoint) => endpoint.tag === tag).map(v2Row);
    return `### ${tag}\n\n${table([['request', 'scope', 'success', 'body', 'failures'], ...rows])}`;
  });
  const reasons = V2_ENDPOINTS.map((endpoint) => `- \`${endpoint.method} ${endpoint.path}\`: ${explainV2(endpoint)}`);
  return [V2_INTRODUCTION, ...sections, `### Why requests to /v2 fail\n\n${reasons.join('\n')}\n`].join('\n');
}

function v2Row(endpoint: V2Endpoint): string[] {
  const { method, path, scope, body, success, failures, summary } = endpoint;
  const names = readQueryNames(endpoint);
  const parameters = names.length === 0 ? '' : ` (${names.map((name) => `\`${name}\``).join(', ')})`;
  const contents = [...new Set(success.map(({ content }) => describeV2Content(content)))];
  return [
    `\`${method} ${path}\`${parameters}: ${summary}`,
    scope,
    [...new Set(success.map(({ status }) => status))].join(', '),
    `${body === undefined ? '' : `${body.schema}${body.isOptional === true ? ' (optional)' : ''} → `}${contents.join(' or ')}`,
    Object.keys(failures)
      .filter((status) => !COMMON_STATUSES.includes(status))
      .join(', '),
  ];
}

function describeV2Content(content: V2Content | undefined): string {
  if (content === undefined) return 'none';
  if ('type' in content) return content.type;
  return content.shape === 'map' ? `map of ${content.json}` : content.json;
}

function explainV2({ failures }: V2Endpoint): string {
  const own = Object.entries(failures).filter(([status]) => !COMMON_STATUSES.includes(status));
  return own.map(([status, reason]) => `${status}: ${reason}`).join('. ');
}

/** The text of docs/reference/service-openapi.json. */
export function serviceOpenApi(version: string): string {
  return `${JSON.stringify(createOpenApi({ version }), undefined, 2)}\n`;
}

export function packageVersion(): string {
  return (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
}

function row({ method, path, query, body, success, failures, summary, deprecated }: Endpoint): string[] {
  const parameters = query === undefined ? '' : ` (${query.map((name) => `\`${name}\``).join(', ')})`;
  const text = deprecated === true ? `${summary}; deprecated` : summary;
  const statuses = Object.keys(failures).filter((status) => status !== '429');
  return [
    `\`${method} ${path}\`${parameters}: ${text}`,
    String(success.status),
    `${body === undefined ? '' : `${body} → `}${describeContent(success.content)}`,
    statuses.join(', '),
  ];
}

function describeContent(content: Content | undefined): string {
  if (content === undefined) return 'none';
  if ('type' in content) return content.type;
  if (content.json === 'job id') return 'job id';
  const shapes = { one: '', list: 'list of ', map: 'map of ', 'map of lists': 'map of lists of ' };
  return shapes[content.shape] + content.json;
}

function explain({ failures }: Endpoint): string {
  return Object.entries(failures)
    .filter(([status]) => status !== '429' && status !== '500')
    .map(([status, reason]) => `${status}: ${reason}`)
    .join('. ');
}

/** A Markdown table with columns of equal width, as the formatter wants it. The first row is the heading. */
function table([heading = [], ...rows]: readonly string[][]): string {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((cells) => cells[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return [heading, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}
