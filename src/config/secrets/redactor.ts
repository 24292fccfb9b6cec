import type { ValueRule } from '../values/parse-value.js';
import { PART_LENGTH, secretPieces, writtenForms } from './secret-pieces.js';

/** A text of one or two characters is no secret, and without it every line would be unreadable. */
const MIN_LENGTH = 3;

/**
 * Removes secrets from what is printed, whatever prints it: the name of a namespace or a directory may be kept in the
 * secret agent, and a log line or the message of a library would show it. Numbers, flags and choices stay: they are no
 * secrets, and "4" would be found everywhere. Secrets are compared as texts of any size, never compiled into a
 * pattern.
 */
export class Redactor {
  /** What must not be shown, by its first characters, and what is shown in its place; the longest first. */
  private readonly secrets = new Map<string, Secret[]>();
  /** The parts of texts of PART_LENGTH characters, and what is shown in their place. */
  private readonly parts = new Map<string, string>();

  /** `text` is what `reference` stands for, given to an option with this rule. */
  add(reference: string, text: string, rule: ValueRule): void {
    const { texts, wholes } = secretPieces(rule, text);
    const replacement = `<${reference}>`;
    for (const piece of new Set(texts)) {
      for (const form of writtenForms(piece)) this.addText(form, replacement);
    }
    for (const piece of new Set(wholes)) {
      for (const form of writtenForms(piece)) this.addWhole(form, replacement);
    }
  }

  clean(line: string): string {
    if (this.secrets.size === 0) return line;
    let shown = '';
    let copied = 0;
    for (let at = 0; at + MIN_LENGTH <= line.length;) {
      const found = this.findAt(line, at);
      if (found === undefined) {
        at++;
        continue;
      }
      shown += line.slice(copied, at) + found.replacement;
      at += found.length;
      copied = at;
    }
    return shown + line.slice(copied);
  }

  private addText(text: string, replacement: string): void {
    this.addWhole(text, replacement);
    for (let at = 0; at + PART_LENGTH <= text.length; at++) {
      this.parts.set(text.slice(at, at + PART_LENGTH), replacement);
    }
  }

  private addWhole(text: string, replacement: string): void {
    if (text.length < MIN_LENGTH) return;
    const key = text.slice(0, MIN_LENGTH);
    const others = (this.secrets.get(key) ?? []).filter((other) => other.text !== text);
    // The longest first, so that nothing of it is left when it contains another one.
    const all = [...others, { text, replacement }].sort((a, b) => b.text.length - a.text.length);
    this.secrets.set(key, all);
  }

  private findAt(line: string, at: number): { replacement: string; length: number } | undefined {
    const candidates = this.secrets.get(line.slice(at, at + MIN_LENGTH)) ?? [];
    const whole = candidates.find(({ text }) => line.startsWith(text, at));
    const length = whole?.text.length ?? 0;
    const replacement = this.parts.get(line.slice(at, at + PART_LENGTH));
    if (replacement === undefined) return whole && { replacement: whole.replacement, length };
    let end = at + 1;
    while (this.parts.has(line.slice(end, end + PART_LENGTH))) end++;
    // The directory above a long path may be shorter than what is shown of the path.
    return { replacement, length: Math.max(length, end - 1 + PART_LENGTH - at) };
  }
}

interface Secret {
  text: string;
  replacement: string;
}
