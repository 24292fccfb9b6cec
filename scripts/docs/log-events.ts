import { LOG_EVENT_GROUPS, type LogEventSpec } from '../../src/core/log-events.js';

const INTRODUCTION = `# Logs for programs

<!-- The tables are made of src/core/log-events.ts by "npm run docs"; the texts are in scripts/docs/log-events.ts. -->

With \`--log-json\` every line on standard error is one JSON object, from the first error of the command line to the last line:

\`\`\`json
{
  "time": "2026-11-20T09:46:18.204Z",
  "tool": "asbackup",
  "pid": 8554,
  "level": "info",
  "event": "backup.summary",
  "message": "Backed up 200 record(s), 8 secondary index(es), 2 UDF file(s), 849838 byte(s) in total (~4249 B/rec)",
  "fields": { "records": 200, "sindexes": 8, "udfs": 2, "bytes": 849838 }
}
\`\`\`

- \`time\` is in UTC, with milliseconds.
- \`level\` is \`error\`, \`warn\`, \`info\` or, with \`--verbose\`, \`debug\`.
- \`event\` is stable; \`message\` is the text that the log has without \`--log-json\`, and may change.
- \`fields\` always exists. Numbers are numbers, lists are lists. \`worker\` (from 0 for a backup, from 1 for a restore) is
  present in events of a worker thread. Bytes, counts and milliseconds are whole numbers; units are in the names.

There is no progress bar then. Secrets are replaced in messages and fields as in the text. A run that fails
ends with \`run.failed\`, or with \`usage\` if the command line cannot be read; the \`code\` in its fields is stable, too.
\`log-json = true\` in a configuration file does the same, except for errors of the files themselves, which are reported before it
applies; \`--log-json=false\` overrides it.

The library hands the same events to its \`log\` function.
`;

/** The page of docs/reference with every event of the log. */
export function logEventsPage(): string {
  const tables = LOG_EVENT_GROUPS.map(({ of, events }) => {
    const rows = Object.entries(events).map(row);
    return `## Events of ${of}\n\n${table([['event', 'fields', 'meaning'], ...rows])}`;
  });
  return [INTRODUCTION, ...tables].join('\n');
}

function row([name, { level, fields, help }]: [string, LogEventSpec]): string[] {
  const meaning = level === undefined ? help : `${help} (${level})`;
  return [`\`${name}\``, fields.map((field) => `\`${field}\``).join(', '), meaning];
}

/** A Markdown table with columns of equal width, as the formatter wants it. The first row is the heading. */
function table([heading = [], ...rows]: readonly string[][]): string {
  const widths = heading.map((_, column) => Math.max(...[heading, ...rows].map((cells) => cells[column]!.length)));
  const rule = widths.map((width) => '-'.repeat(width));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return [heading, rule, ...rows].map(line).join('');
}
