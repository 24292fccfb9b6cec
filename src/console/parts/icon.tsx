/** Small pictures, drawn with the color of the text. */
const PATHS = {
  routines: 'M12 6v6l4 2M21 12a9 9 0 1 1-3-6.7M21 3v5h-5',
  timeline: 'M3 6h8M3 12h13M3 18h6M15 6h6M20 12h1M13 18h8',
  backups:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  jobs: 'M4 6h16M4 12h16M4 18h10',
  configuration: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  webhooks: 'M4 12h4l3-8 4 16 3-8h2',
  close: 'M6 6l12 12M18 6 6 18',
  menu: 'M4 7h16M4 12h16M4 17h16',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4',
  lock: 'M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
  fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  check: 'M5 13l4 4L19 7',
  warning: 'M12 4 2.5 20h19L12 4ZM12 10v4M12 17v.5',
  error: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v6M12 16v.5',
  empty: 'M3 13h5l2 3h4l2-3h5M3 13l3-8h12l3 8v6H3z',
} as const;

export type IconName = keyof typeof PATHS;

/** Says nothing to a screen reader: the text beside it does. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
