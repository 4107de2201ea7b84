// Sentences that grow with what somebody sends: what is kept of them, and answered.

/** Characters: enough for any sentence that people read. */
export const longestSentence = 1000

/** The text itself, or as much of it as is kept, with `…` in the place of the rest. */
export function shorten(text: string): string {
  return text.length <= longestSentence ? text : `${text.slice(0, longestSentence - 1).toWellFormed()}…`
}
