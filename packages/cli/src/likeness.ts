// How similar two names are, to find the one that a misspelled name means.

/** The least likeness of a misspelling. */
export const enoughAlike = 0.7

/** The part of their pairs of letters that two names share, from 0 to 1. */
export function likeness(one: string, other: string): number {
  const [these, those] = [pairsOf(one), pairsOf(other)]
  return these.filter((pair) => those.includes(pair)).length / Math.max(these.length, those.length)
}

function pairsOf(letters: string): readonly string[] {
  return Array.from(letters, (letter, index) => `${letter}${letters[index + 1] ?? ''}`)
}
