/** A list of any length, of which only the rows that can be seen are in the document; with the keys of a list. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { computeWindow, moveRow, revealRow } from './virtual-window.js';

const OVERSCAN = 8;

export interface VirtualListProps<T> {
  readonly items: readonly T[];
  readonly rowHeight: number;
  readonly label: string;
  /** Cells of the row above. */
  readonly header: ComponentChildren;
  readonly getKey: (item: T) => string;
  /** Cells; the first link of a row is what the arrow keys move to. */
  readonly renderRow: (item: T) => ComponentChildren;
  /** Rows from `first` to `end` come into view. */
  readonly onView?: (first: number, end: number) => void;
}

export function VirtualList<T>({ items, rowHeight, label, header, getKey, renderRow, onView }: VirtualListProps<T>) {
  const view = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [viewHeight, setViewHeight] = useState(600);
  const wanted = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    const element = view.current!;
    const observer = new ResizeObserver(() => setViewHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { first, end, offset, height } = computeWindow({
    count: items.length,
    rowHeight,
    scrollTop,
    viewHeight,
    overscan: OVERSCAN,
  });
  useLayoutEffect(() => onView?.(first, end), [first, end, items]);
  useLayoutEffect(() => {
    if (wanted.current === undefined) return;
    const link = view.current!.querySelector<HTMLElement>(`[data-row="${wanted.current}"] a`);
    if (link === null) return;
    wanted.current = undefined;
    link.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    const row = (event.target as HTMLElement).closest('[data-row]');
    if (row === null) return;
    const pageRows = Math.max(1, Math.floor(viewHeight / rowHeight) - 1);
    const target = moveRow(event.key, Number(row.getAttribute('data-row')), items.length, pageRows);
    if (target === undefined) return;
    event.preventDefault();
    wanted.current = target;
    const element = view.current!;
    element.scrollTop = revealRow(target, { rowHeight, scrollTop: element.scrollTop, viewHeight });
    setScrollTop(element.scrollTop);
    element.querySelector<HTMLElement>(`[data-row="${target}"] a`)?.focus({ preventScroll: true });
  };

  return (
    <div class="list" role="table" aria-label={label} aria-rowcount={items.length + 1}>
      <div role="rowgroup">
        <div class="list-header" role="row" aria-rowindex={1}>
          {header}
        </div>
      </div>
      <div
        class="list-view"
        ref={view}
        role="rowgroup"
        style={{ height: `${height}px` }}
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <div class="list-space" role="presentation" style={{ height: `${height}px` }}>
          <div class="list-rows" role="presentation" style={{ transform: `translateY(${offset}px)` }}>
            {items.slice(first, end).map((item, index) => (
              <div
                class="list-row"
                key={getKey(item)}
                role="row"
                aria-rowindex={first + index + 2}
                data-row={first + index}
                style={{ height: `${rowHeight}px` }}
              >
                {renderRow(item)}
              </div>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}
