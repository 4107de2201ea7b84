// Shortens sentences whose length depends on input.

/** Characters; enough for any sentence that people read. */
export const longestSentence = 1000

/** The text, or its beginning and `…` if it is too long. */
export function shorten(text: string): string {
  return text.length <= longestSentence ? text : `${text.slice(0, longestSentence - 1).toWellFormed()}…`
}
