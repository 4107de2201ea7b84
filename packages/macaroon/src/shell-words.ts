/** Splits one string into words as a shell does, without any of a shell's expansions. */

import { expectText } from './boundary.ts'
import { MacaroonError } from './errors.ts'

/**
 * The words of one command: `ls -l "my dir"` is three.
 * Follows the rules of Go's google/shlex, so that a token made here and one made by flyctl allow the same command:
 * white space, quotes, backslashes (also inside double quotes, before any character) and comments.
 *
 * Throws MacaroonError `bad-argument` where there is no word, or a quote or an escape has no end. Its message is what follows the
 * name of the field, `ends with a backslash`, and does not repeat the text.
 */
export function splitShellWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let position = 0

  expectText(line, 'line')
  while (position < line.length) {
    const character = line.charAt(position)
    position += 1
    if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === '#' && word === undefined) {
      position = endOfLine(line, position)
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(line, position, character)
      word = (word ?? '') + quoted.text
      position = quoted.next
    } else if (character === '\\') {
      if (position >= line.length) throw new MacaroonError('bad-argument', 'ends with a backslash that escapes nothing')
      word = (word ?? '') + line.charAt(position)
      position += 1
    } else {
      word = (word ?? '') + character
    }
  }
  if (word !== undefined) words.push(word)
  // A command of no words would stand for the empty one, or for every one.
  if (words.length === 0) throw new MacaroonError('bad-argument', 'names no command')
  return words
}

function readQuoted(line: string, start: number, quote: string): { readonly text: string; readonly next: number } {
  let text = ''
  let position = start
  while (position < line.length) {
    const character = line.charAt(position)
    position += 1
    if (character === quote) return { text, next: position }
    if (character === '\\' && quote === '"') {
      text += line.charAt(position)
      position += 1
    } else {
      text += character
    }
  }
  throw new MacaroonError('bad-argument', `has a ${quote === '"' ? 'double' : 'single'} quote that is not closed`)
}

function endOfLine(line: string, start: number): number {
  const end = line.indexOf('\n', start)
  return end === -1 ? line.length : end
}
