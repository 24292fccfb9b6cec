/** Which rows of a long list are in the document: those that can be seen and some around them. */

export interface ListWindow {
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
  /** Of the first row, from the top of the list. Pixels. */
  readonly offset: number;
  /** Of all rows. Pixels. */
  readonly height: number;
}

export interface ListGeometry {
  readonly count: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly viewHeight: number;
  /** Rows above and below what can be seen. */
  readonly overscan: number;
}

export function computeWindow({ count, rowHeight, scrollTop, viewHeight, overscan }: ListGeometry): ListWindow {
  const height = count * rowHeight;
  const top = Math.min(Math.max(0, scrollTop), Math.max(0, height - viewHeight));
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const end = Math.min(count, Math.ceil((top + viewHeight) / rowHeight) + overscan);
  return { first, end, offset: first * rowHeight, height };
}

/** The scroll position nearest to the current one at which the whole row can be seen. */
export function revealRow(
  index: number,
  { rowHeight, scrollTop, viewHeight }: Pick<ListGeometry, 'rowHeight' | 'scrollTop' | 'viewHeight'>,
): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + viewHeight ? top + rowHeight - viewHeight : scrollTop;
}

/** The row that a key leads to; undefined = the key leads nowhere. */
export function moveRow(key: string, index: number, count: number, pageRows: number): number | undefined {
  const target = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + pageRows,
    PageUp: index - pageRows,
    Home: 0,
    End: count - 1,
  }[key];
  if (target === undefined || count === 0) return undefined;
  return Math.min(count - 1, Math.max(0, target));
}
