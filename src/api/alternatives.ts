import { joinList, OptionError } from '../config/option-error.js';

/** Of the settings that are alternatives, exactly one must be given; `none` is the error if there is none. */
export function requireOne<T extends string>(
  settings: { readonly [K in T]?: unknown },
  names: readonly T[],
  none: string,
): void {
  const given = names.filter((name) => settings[name] !== undefined);
  if (given.length === 0) throw new OptionError('OPTION_CONFLICT', none);
  if (given.length > 1) throw new OptionError('OPTION_CONFLICT', `Only one of ${joinList(given)} can be given`);
}
