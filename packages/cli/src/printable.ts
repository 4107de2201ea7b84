// Text from elsewhere, made safe to print: no name may move the cursor, hide text or start a new line.
import { replaceUnseen } from '@hallpass/client/visible-text'

/** What is not seen, or changes how other text is read, is written as `\u{1b}`. */
export function printable(text: string): string {
  return replaceUnseen(text, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
