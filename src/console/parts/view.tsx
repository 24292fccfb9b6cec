import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** A view with its heading, which gets the focus: a screen reader says where one is. */
export function View({
  title,
  subtitle,
  actions,
  children,
}: {
  title: string;
  subtitle?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Backup console`;
    if (hasBeenShown) heading.current?.focus({ preventScroll: true });
    hasBeenShown = true;
    scrollTo(0, 0);
  }, [title]);
  return (
    <div class="view">
      <header class="view-header">
        <div class="view-titles">
          <h1 ref={heading} tabIndex={-1} class="break">
            {title}
          </h1>
          {subtitle !== undefined && <p class="view-subtitle">{subtitle}</p>}
        </div>
        {actions !== undefined && <div class="view-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** The first view leaves the focus at the start of the page. */
let hasBeenShown = false;
