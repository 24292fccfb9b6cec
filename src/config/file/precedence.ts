import { ConfigError } from './config-error.js';
import type { Setting } from './apply-config.js';

/** Options of a file that are dropped when one of the named options comes from a later file or the command line. */
export type Overrides = Readonly<Partial<Record<string, readonly string[]>>>;

/**
 * The settings that remain when `winners` (the options of a later file or of the command line) follow them: the same
 * option replaces them, also lists, and so does an option that is an alternative, such as --output-file to
 * --directory.
 */
export function withoutOverridden(
  settings: readonly Setting[],
  winners: { again: ReadonlySet<string>; on: ReadonlySet<string> },
  overrides: Overrides,
): Setting[] {
  const isOverridden = ({ spec: { name } }: Setting): boolean =>
    winners.again.has(name) || (overrides[name] ?? []).some((other) => winners.on.has(other));
  return settings.filter((setting) => !isOverridden(setting));
}

/** One setting per option, or per part of one, from the settings of several files, the most important last. */
export function mergeFiles(files: readonly (readonly Setting[])[], overrides: Overrides): Setting[] {
  let merged: Setting[] = [];
  for (const file of files) {
    const own = new Map<string, Setting>();
    // A key and its alias in one file: the later line counts, as in the C tools.
    for (const setting of file) {
      own.delete(identity(setting));
      own.set(identity(setting), setting);
    }
    const whole = [...own.values()].filter((setting) => setting.part === undefined);
    const on = new Set(whole.filter(({ text }) => text !== 'false').map(({ spec }) => spec.name));
    merged = merged.filter((setting) => !own.has(identity(setting)));
    merged = [...withoutOverridden(merged, { again: new Set(), on }, overrides), ...own.values()];
  }
  return joinParts(merged);
}

function identity({ spec, part }: Setting): string {
  return part === undefined ? spec.name : `${spec.name} ${part}`;
}

/** Parts become the value they stand for; the whole value, if it was given, wins over them (asrestore.md 2.2). */
function joinParts(settings: readonly Setting[]): Setting[] {
  const joined = settings.filter((setting) => setting.part === undefined);
  for (const first of settings) {
    const names = first.spec.keyParts;
    if (first.part === undefined || names === undefined || joined.some(({ spec }) => spec === first.spec)) continue;
    const parts = names.map((_, i) => settings.find(({ spec, part }) => spec === first.spec && part === i));
    const texts = parts.flatMap((part) => (part === undefined ? [] : [part.text]));
    if (texts.length < names.length) {
      const others = names.filter((_, i) => parts[i] === undefined).join(' and ');
      const reason = `${first.key} has no effect without ${others}; give both, or neither`;
      throw new ConfigError('CONFIG_VALUE', `${first.place}: ${reason}`);
    }
    joined.push({ spec: first.spec, key: names.join(' and '), text: texts.join(','), place: first.place });
  }
  return joined;
}
