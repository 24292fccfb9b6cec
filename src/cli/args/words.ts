/** The words of the command line as the system has them: Node.js replaces bytes that are not UTF-8 by U+FFFD. */
import { readFileSync } from 'node:fs';
import { OptionError, quoted } from '../../config/option-error.js';

const REPLACEMENT = '\ufffd';

/** Whether the words are those that this process was started with, not those of a caller within it. */
export function isOwnCommandLine(argv: readonly string[]): boolean {
  // A command of `asb` begins after its name.
  const before = process.argv.length - argv.length;
  return argv.length > 0 && before >= 2 && argv.every((word, i) => process.argv[before + i] === word);
}

/**
 * Refuses a word that is not UTF-8: the name of a set, a bin or a file would be another one. Has to be called before
 * the title of the process is set, which overwrites the words. Throws OptionError.
 */
export function refuseNonUtf8(argv: readonly string[], readWords: () => Buffer[] | undefined = readOwnWords): void {
  if (!argv.some((word) => word.includes(REPLACEMENT))) return;
  const words = readWords()?.slice(-argv.length);
  for (const [i, word] of argv.entries()) {
    if (!word.includes(REPLACEMENT) || words?.[i]?.equals(Buffer.from(word)) === true) continue;
    throw new OptionError(
      'OPTION_USAGE',
      `the word ${quoted(word)} is not UTF-8; names that are not cannot be given`,
      true,
    );
  }
}

/** Undefined: the system does not show them. */
function readOwnWords(): Buffer[] | undefined {
  try {
    return splitAtNul(readFileSync('/proc/self/cmdline'));
  } catch {
    return undefined;
  }
}

function splitAtNul(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    words.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return words;
}
