import { resolve } from 'node:path';
import { type HostList, parseHosts, parseNodes } from '../values/hosts.js';
import { parseNames, parseSets } from '../values/lists.js';
import type { ValueRule } from '../values/parse-value.js';

/** A text of one or two characters is no secret, and without it every line would be unreadable. */
const MIN_LENGTH = 3;

/**
 * Keeps secrets out of what is printed, whoever prints it: the name of a namespace or a directory may be kept in the
 * secret agent, and a log line or the message of a library would tell it. Numbers, flags and choices are let through:
 * they are no secrets, and "4" would be found everywhere.
 */
export class Redactor {
  /** What must not be seen, and what is shown in its place. */
  readonly #shown = new Map<string, string>();
  #pattern: RegExp | undefined;

  /** `text` is what `reference` stands for, given to an option with this rule. */
  add(reference: string, text: string, rule: ValueRule): void {
    for (const part of partsOf(rule, text)) {
      for (const form of [part, JSON.stringify(part).slice(1, -1)]) {
        if (form.length >= MIN_LENGTH) this.#shown.set(form, `<${reference}>`);
      }
    }
    // The longest first, so that nothing of it is left when it contains another one.
    const texts = [...this.#shown.keys()].sort((a, b) => b.length - a.length);
    this.#pattern =
      texts.length === 0
        ? undefined
        : new RegExp(texts.map((t) => t.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
  }

  clean(line: string): string {
    return this.#pattern === undefined
      ? line
      : line.replace(this.#pattern, (found) => this.#shown.get(found) ?? '<secret>');
  }
}

/** The text and the pieces in which it may turn up. */
function partsOf(rule: ValueRule, text: string): string[] {
  const whole = text.trim();
  switch (rule.type) {
    case 'flag':
    case 'integer':
    case 'choice':
    case 'time':
    case 'racks':
    case 'throttle':
      return [];
    case 'pem':
      // Any line of a key may be quoted in an error, also the last, which can be short. The BEGIN and END lines are the
      // same in all of them.
      return [whole, ...whole.split(/\r?\n/).filter((line) => line.length >= MIN_LENGTH && !line.startsWith('-----'))];
    case 'path':
    case 'input':
      return [text, whole, whole.replace(/\/+$/, ''), ...(whole.startsWith('/') ? [] : [resolve(whole)])];
    case 'hosts':
      return [text, whole, ...orNone(() => hostParts(parseHosts(whole)))];
    case 'nodes':
      return [text, whole, ...orNone(() => hostParts(parseNodes(whole)))];
    case 'sets':
      return [text, whole, ...orNone(() => parseSets(whole))];
    case 'names':
    case 'namespaces':
      return [text, whole, ...orNone(() => parseNames(whole, Infinity))];
    case 'partitions':
    case 'digest':
    case 'base64':
    case 'text':
      return [text, whole, ...whole.split(/\r?\n/)];
  }
}

function hostParts({ entries }: HostList): string[] {
  return entries.flatMap(({ host, tlsName }) => (tlsName === undefined ? [host] : [host, tlsName]));
}

/** A text that is not what the option takes has no pieces. */
function orNone(parts: () => string[]): string[] {
  try {
    return parts();
  } catch {
    return [];
  }
}
