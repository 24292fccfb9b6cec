/**
 * Sentences that name options. The option is a reference to its schema entry, so that each front end shows the name
 * that its users know: `--tls-cafile` on the command line, `tls.caFile` in the library.
 */
import type { FrontEnd } from '../core/hint.js';
import { apiNames, type OptionName, type OptionSpec, type OptionTable } from './schema/option-spec.js';

/** An option in a sentence. */
export interface OptionMention {
  readonly spec: OptionSpec;
}

export type OptionText = readonly (string | OptionMention)[];

/** A tagged template: texts, numbers, mentions and other texts of this kind. */
export function optionText(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | OptionMention | OptionText)[]
): OptionText {
  const parts: (string | OptionMention)[] = [];
  for (const [i, text] of strings.entries()) {
    parts.push(text);
    const value = values[i];
    if (value === undefined) continue;
    if (typeof value === 'object') parts.push(...('spec' in value ? [value] : value));
    else parts.push(String(value));
  }
  return parts;
}

/** Mentions by the names of a table; a name that the table does not have does not compile. */
export function mentions<const T extends OptionTable>(table: T): (name: OptionName<T>) => OptionMention {
  const specs = new Map(table.map((spec) => [spec.name, spec]));
  return (name) => ({ spec: specs.get(name)! });
}

/** `a`, `a and b`, `a, b and c` */
export function joinMentions(items: readonly OptionMention[], conjunction: 'and' | 'or' = 'and'): OptionText {
  return items.flatMap((item, i) => {
    if (i === 0) return [item];
    return [i < items.length - 1 ? ', ' : ` ${conjunction} `, item];
  });
}

/** The sentence in the terms of a front end. */
export function renderText(text: OptionText, frontEnd: FrontEnd): string {
  return text.map((part) => (typeof part === 'string' ? part : optionLabel(part.spec, frontEnd))).join('');
}

/** The options that a text names. */
export function mentionedOptions(text: OptionText): readonly OptionSpec[] {
  return text.flatMap((part) => (typeof part === 'string' ? [] : [part.spec]));
}

function optionLabel(spec: OptionSpec, frontEnd: FrontEnd): string {
  return frontEnd === 'cli' ? `--${spec.name}` : (apiNames(spec)[0] ?? spec.name);
}
