// A token as people paste it: freed of what files, shells and terminals put around it, or told what it is instead.
import { replaceUnseen } from './visible-text.ts'

/**
 * The token without quotes and white space around it, without what nobody sees, without the name of its header, and
 * without the line breaks and spaces that a terminal put into it. What is no token without them stays as it is.
 */
export function unwrapToken(text: string): string {
  const plain = strip(text)
  const [, scheme = '', rest = ''] = schemes.exec(plain) ?? []
  const joined = rest.replaceAll(/\s+/g, '')
  // What a line begins with a token is a second one: a comma is missing, and nobody knows where.
  if (!tokens.test(joined) || /[^,\s]\s+(?:fm1r|fm1a|fm2|fo1)_/.test(rest)) return plain
  return scheme.replaceAll(/\s+/g, ' ') + joined
}

/**
 * What the text is instead of a token, or why it is none, as a predicate: `is JSON: …`. It repeats nothing of the text.
 * @returns undefined where nothing is known to be wrong with it
 */
export function describeNoToken(text: string): string | undefined {
  const token = unwrapToken(text)
  if (token === '') return 'is empty'
  if (alone.test(token)) return 'is the word before a token, and no token stands behind it'
  if (!/[A-Za-z0-9]/.test(token) && !token.includes('***')) return 'is no token'
  const [, rest = ''] = /^(?:(?:bearer|flyv1)\s+)*(.*)$/is.exec(token) ?? []
  for (const [form, words] of mistakes) if (form.test(rest)) return words
  const lineBreak = /[\r\n]/.exec(text.trim())
  if (lineBreak !== null && /[\r\n]/.test(token)) {
    return `has a line break at character ${lineBreak.index + 1}, and what stands around it is not one token`
  }
  const parts = rest.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
  if (parts.some((part) => prefix.test(part)) && !parts.every((part) => /^(?:fm\w{1,2}|fo1)_/.test(part)))
    return otherText
  const strange = /[^\x20-\x7e]|["'`]/.exec(token)
  return strange === null ? undefined : `has a character that no token has: character ${strange.index + 1}`
}

const quote = '["\'`\\u2018-\\u201f\\u00ab\\u00bb\\u2039\\u203a]'
const quotesBefore = new RegExp(`(^|[\\s,])${quote}{1,4}`, 'g')
const quotesBehind = new RegExp(`${quote}{1,4}(?=[\\s,;]|$)`, 'g')
const schemes = /^((?:(?:bearer|flyv1)\s+)*)(.*)$/is
const token = '(?:(?:fm1r|fm1a|fm2)_[A-Za-z0-9+/]+={0,2}|fo1_[A-Za-z0-9_-]+)'
const tokens = new RegExp(`^,*${token}(?:,+${token})*,*$`)

/** A scheme, or the beginning that every token has. */
const alone = /^,*(?:(?:bearer|flyv1|basic|token)[\s:,]*)+$|^(?:(?:bearer|flyv1)\s+)*(?:fm1r|fm1a|fm2|fo1)_?[,\s]*$/i

const prefix = /(?:fm1r|fm1a|fm2|fo1)_/
const otherText = 'has other text before it: give the token alone'

const mistakes: ReadonlyArray<readonly [form: RegExp, words: string]> = [
  [/\*{3}/, 'is hidden behind ***, as logs of CI jobs show it: take it from where it is kept'],
  [/^basic\s/i, 'is for Basic: send Bearer and the token itself, which is the password in it'],
  [/^\$[\w({]|^%\w+%$|\{\{/, 'is the name of a variable that nothing has replaced'],
  [/^(?:undefined|null|nil|none|true|false)$/i, 'is a word that stands for no value'],
  [/^(?:\{|\[\s*["[{])/, 'is JSON: give what stands in its field token'],
  [/^(?:export\s+|set\s+|\$env:\s*)?[A-Z][A-Z\d_]*\s*=/, 'begins with NAME=: give what stands behind it'],
  [/^<.*>$/s, 'is a place for a token, and not one'],
  [/^[a-z][a-z\d+.-]*:\/\//i, 'is an address'],
  [/^eyJ[\w-]*\./, 'is a JSON Web Token, which this is not about'],
  [/^(?!(?:fm\w{1,2}|fo1)_)[^,]*[\s=:[('"](?:fm\w{1,2}|fo1)_/is, otherText],
  [
    /^(?:(?:bearer|flyv1)%20)?(?:fm\w{1,2}|fo1)(?:_|%5f).*%(?:2[bf]|3d|2c)/is,
    'is percent-encoded: give it as it was made',
  ],
]

function strip(text: string): string {
  const plain = replaceUnseen(text, (character) => (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(character) ? character : ''))
    .replaceAll(/[\u2028\u2029]/g, '\n')
    .trim()
  return dropEnd(plain)
    .replaceAll(quotesBefore, '$1')
    .replaceAll(quotesBehind, '')
    .replace(/^\s*authorization\s*:\s*/i, '')
    .replaceAll(quotesBefore, '$1')
    .replace(/;$/, '')
    .trim()
}

/** Without line breaks that are written out. */
function dropEnd(text: string): string {
  let end = text.length
  while (/^\\[nr]$/.test(text.slice(Math.max(end - 2, 0), end))) end -= 2
  return text.slice(0, end)
}
