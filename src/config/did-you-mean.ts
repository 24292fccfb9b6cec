/** The candidate that was most likely meant, if one is similar enough. */
export function closestMatch(typed: string, candidates: readonly string[]): string | undefined {
  const text = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? findBeginning(text, candidates);
}

/** How a sentence on an unknown name ends: with the name that was probably meant, if there is one. */
export function suggestion(
  typed: string,
  candidates: readonly string[],
  show = (name: string): string => name,
): string {
  const found = closestMatch(typed, candidates);
  return found === undefined ? '' : `; did you mean ${show(found)}?`;
}

/** Shorter than this, a name is the beginning of too many texts. */
const MIN_BEGINNING = 4;

/** The longest candidate that the typed text begins with: `user` for `username`. */
function findBeginning(text: string, candidates: readonly string[]): string | undefined {
  const beginnings = candidates.filter((name) => name.length >= MIN_BEGINNING && text.startsWith(name.toLowerCase()));
  return beginnings.sort((a, b) => b.length - a.length)[0];
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforePrevious[j - 2]! + 1);
      }
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
