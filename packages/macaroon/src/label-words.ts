/** The texts of run labels: what they may be, and how they are said. */

import { badArgument, expectFields, expectText, takeList } from './boundary.ts'
import type { RunLabel } from './caveat.ts'

/** The texts of a label; what is left out says nothing. */
export type LabelWords = { readonly [Field in 'agent' | 'run' | 'onBehalfOf']?: string | undefined }

/** All three of them. Throws `bad-argument`. */
export function takeLabel(value: LabelWords, name: string): Omit<RunLabel, 'type'> {
  const { agent = '', run = '', onBehalfOf = '' } = expectFields(value, name)
  return {
    agent: expectText(agent, `${name}.agent`),
    run: expectText(run, `${name}.run`),
    onBehalfOf: expectText(onBehalfOf, `${name}.onBehalfOf`),
  }
}

/** Of each text, in characters. */
const longest = 128

/** What is wrong with the texts, if anything. They are shown to people, so each is one line of visible characters. */
export function whatIsWrong({ agent, run, onBehalfOf }: Omit<RunLabel, 'type'>): string | undefined {
  const texts = [agent, run, onBehalfOf]
  if (texts.every((text) => text === '')) return 'names no agent, no run and nobody on whose behalf it is'
  if (texts.some((text) => text.length > longest && Array.from(text).length > longest)) {
    return `has a text of more than ${longest} characters`
  }
  if (texts.some((text) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text))) return 'has a character that cannot be seen'
  return texts.some((text) => text !== text.trim()) ? 'has a text with a space at an end' : undefined
}

/** How many of them lists show: any holder may add more. */
export const mostLabels = 8

/**
 * `agent ci, run 42; then agent "Ada's helper"; and 2 more`, in their order. What is not plain stands in quotes, so that no
 * text passes for two. `more` are those that are not in the list.
 */
export function sayRunLabels(labels: readonly LabelWords[], more = 0): string {
  const all = takeList(labels, 'labels', (label, name) => sayRunLabel(takeLabel(label as LabelWords, name)))
  if (!Number.isSafeInteger(more)) throw badArgument('more', 'a whole number')
  const left = Math.max(0, all.length - mostLabels) + more
  return [all.slice(0, mostLabels).join('; then '), ...(left > 0 ? [`and ${left} more`] : [])].join('; ')
}

/** `agent ci, run 42, on behalf of ada@example.com`. */
function sayRunLabel({ agent, run, onBehalfOf }: Omit<RunLabel, 'type'>): string {
  const parts = [
    ['agent', agent],
    ['run', run],
    ['on behalf of', onBehalfOf],
  ] as const
  return parts.flatMap(([word, text]) => (text === '' ? [] : [`${word} ${sayWhole(text)}`])).join(', ')
}

function sayWhole(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : JSON.stringify(text)
}
