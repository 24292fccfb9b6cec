export interface TableStyle {
  /** Indexes of columns with numbers. */
  rightAligned?: readonly number[];
  /** By row: a line below it. */
  notes?: readonly (string | undefined)[];
}

/** Columns that are as wide as their widest text, two blanks between them. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { rightAligned = [], notes = [] }: TableStyle = {},
): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const formatRow = (row: readonly string[]): string =>
    row
      .map((text, i) => (rightAligned.includes(i) ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const lines = [formatRow(headings)];
  for (const [i, row] of rows.entries()) {
    lines.push(formatRow(row));
    if (notes[i] !== undefined) lines.push(`  ${notes[i]}`);
  }
  return `${lines.join('\n')}\n`;
}
