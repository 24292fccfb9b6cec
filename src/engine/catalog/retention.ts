/** Which backups of a catalog are kept. Nothing here reads a storage; periods are those of UTC. */

/** How many backups are kept by each rule; absent = the rule keeps none. */
export interface RetentionRules {
  last?: number | undefined;
  hourly?: number | undefined;
  daily?: number | undefined;
  weekly?: number | undefined;
  monthly?: number | undefined;
  yearly?: number | undefined;
  /** All that are at most so much older than the newest one. */
  within?: Age | undefined;
  /** Remove what cannot be restored and was begun so much earlier than now. Absent = keep it. */
  unusableAfter?: Age | undefined;
}

/** A span of the calendar: months are as long as they are. */
export interface Age {
  years: number;
  months: number;
  days: number;
  hours: number;
}

/** A backup as the rules see it. */
export interface RetainableBackup {
  /** Unique among the backups. */
  key: string;
  /** Backups of one group are counted together. */
  group: string;
  /** Of the start; undefined = unknown: no rule counts the backup, and none removes it. */
  startMs: number | undefined;
  /** Keys of the backups that it is restored with, or is to be continued with. */
  bases: readonly string[];
  /**
   * `usable`: can be restored. `unusable`: nobody works on it, and it cannot be restored. `kept`: it stays, whatever
   * the rules say, for the reason given.
   */
  kind: 'usable' | 'unusable' | { kept: string };
}

export interface RetentionDecision {
  keep: boolean;
  /** Why, in words; of a removed backup one. */
  reasons: string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const RULES = [
  { name: 'hourly', nameOf: (date: Date) => `${date.toISOString().slice(0, 13).replace('T', ' ')}:00` },
  { name: 'daily', nameOf: (date: Date) => date.toISOString().slice(0, 10) },
  { name: 'weekly', nameOf: nameWeek },
  { name: 'monthly', nameOf: (date: Date) => date.toISOString().slice(0, 7) },
  { name: 'yearly', nameOf: (date: Date) => date.toISOString().slice(0, 4) },
] as const;

/** Whether a rule keeps anything: without one, everything would be removed. */
export function hasKeepRule(rules: RetentionRules): boolean {
  return [rules.last, rules.within, ...RULES.map(({ name }) => rules[name])].some((rule) => rule !== undefined);
}

/**
 * The decision on each backup by its key. What one rule keeps is kept; so are the bases of everything that is kept.
 * Each rule keeps at least the newest usable backup of each group.
 */
export function applyRetention(
  backups: readonly RetainableBackup[],
  rules: RetentionRules,
  nowMs: number,
): Map<string, RetentionDecision> {
  const reasons = new Map<string, string[]>(backups.map(({ key }) => [key, []]));
  const groups = new Map<string, RetainableBackup[]>();
  for (const backup of backups) {
    const { key, group, kind, startMs } = backup;
    if (typeof kind === 'object') reasons.get(key)!.push(kind.kept);
    else if (startMs === undefined) reasons.get(key)!.push('nobody knows when it was begun');
    else if (kind === 'unusable') keepUnusable(startMs, rules, nowMs, reasons.get(key)!);
    if (kind === 'usable' && startMs !== undefined) groups.set(group, [...(groups.get(group) ?? []), backup]);
  }
  for (const group of groups.values()) keepByRules(group, rules, nowMs, reasons);
  keepBases(backups, reasons);
  const decisions = new Map<string, RetentionDecision>();
  for (const { key, kind } of backups) {
    const found = reasons.get(key)!;
    const why = kind === 'unusable' ? 'cannot be restored' : 'no rule keeps it';
    decisions.set(key, found.length > 0 ? { keep: true, reasons: found } : { keep: false, reasons: [why] });
  }
  return decisions;
}

function keepUnusable(startMs: number, { unusableAfter }: RetentionRules, nowMs: number, reasons: string[]): void {
  if (unusableAfter === undefined) reasons.push('not complete: no rule counts it');
  else if (startMs >= subtractAge(nowMs, unusableAfter)) reasons.push('not complete, and not old enough');
}

/** From the newest to the oldest: the first of each period is kept, as long as the rule has some left. */
function keepByRules(
  group: readonly RetainableBackup[],
  rules: RetentionRules,
  nowMs: number,
  reasons: ReadonlyMap<string, string[]>,
): void {
  const sorted = [...group].sort((a, b) => b.startMs! - a.startMs! || (a.key < b.key ? 1 : -1));
  for (const { key } of sorted.slice(0, rules.last ?? 0)) reasons.get(key)!.push('last');
  for (const { name, nameOf } of RULES) {
    let left = rules[name] ?? 0;
    let previous: string | undefined;
    for (const [i, { key, startMs }] of sorted.entries()) {
      if (left === 0) break;
      const period = nameOf(new Date(startMs!));
      // As long as some are left, the oldest is kept, too: the history is as long as it can be.
      const isOldest = i === sorted.length - 1;
      if (period === previous && !isOldest) continue;
      reasons.get(key)!.push(period === previous ? `oldest, ${name}` : `${name} ${period}`);
      previous = period;
      left--;
    }
  }
  if (rules.within === undefined) return;
  // A clock that was wrong once must not make everything else old.
  const newest = sorted.find(({ startMs }) => startMs! <= nowMs) ?? sorted.at(-1)!;
  const limit = subtractAge(newest.startMs!, rules.within);
  for (const { key, startMs } of sorted) if (startMs! >= limit) reasons.get(key)!.push('within');
}

function keepBases(backups: readonly RetainableBackup[], reasons: ReadonlyMap<string, string[]>): void {
  const byKey = new Map(backups.map((backup) => [backup.key, backup]));
  const queue = backups.filter(({ key }) => reasons.get(key)!.length > 0);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const base of next.bases) {
      const found = byKey.get(base);
      if (found === undefined) continue;
      const known = reasons.get(base)!;
      if (known.length === 0) queue.push(found);
      known.push(`base of ${next.key}`);
    }
  }
}

/** ISO 8601: the year of a week is that of its Thursday. */
function nameWeek(date: Date): string {
  const day = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(date.getTime() + (3 - day) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** The moment so much earlier. A day that its month does not have is the last one of it. */
export function subtractAge(timeMs: number, { years, months, days, hours }: Age): number {
  const date = new Date(timeMs);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months - 12 * years);
  const daysOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, daysOfMonth));
  return date.getTime() - days * DAY_MS - hours * HOUR_MS;
}
