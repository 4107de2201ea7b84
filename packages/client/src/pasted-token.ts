// A token as people paste it: removes what files, shells and terminals put around it, or says what the text is instead.
import { replaceUnseen } from './visible-text.ts'

/**
 * The token without quotes and white space around it, without what nobody sees, without the name of its header, and
 * without the line breaks and spaces that a terminal put into it. What is no token without them stays as it is.
 */
export function unwrapToken(text: string): string {
  const plain = strip(text)
  const [, scheme = '', rest = ''] = schemes.exec(plain) ?? []
  const joined = rest.replaceAll(/\s+/g, '')
  // A line that begins with a token has a second one: a comma is missing.
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
  if (!parts.every((part) => beginning.test(part))) return parts.some((part) => prefix.test(part)) ? otherText : unknown
  const strange = /[^\x20-\x7e]|["'`]/.exec(token)
  if (strange !== null) return `has a character that no token has: character ${strange.index + 1}`
  if (parts.some((part) => urlSafe.test(part))) return 'is in URL-safe base64, with - or _: give it as it was made'
  return parts.every((part) => !part.startsWith('fo1_') || authToken.test(part)) ? undefined : noAuthToken
}

const quotes = '(?:\\\\?["\'`\\u2018-\\u201f\\u00ab\\u00bb\\u2039\\u203a]){1,4}'
const quotesBefore = new RegExp(`(^|[\\s,])${quotes}`, 'g')
const quotesBehind = new RegExp(`${quotes}(?=[\\s,;.]|$)`, 'g')
const schemes = /^((?:(?:bearer|flyv1)\s+)*)(.*)$/is
const token = '(?:(?:fm1r|fm1a|fm2)_[A-Za-z0-9+/]+={0,2}|fo1_[A-Za-z0-9_-]+)'
const tokens = new RegExp(`^,*${token}(?:,+${token})*,*$`)

/** A scheme, or the beginning that every token has. */
const alone = /^,*(?:(?:bearer|flyv1|basic|token)[\s:,]*)+$|^(?:(?:bearer|flyv1)\s+)*(?:fm1r|fm1a|fm2|fo1)_?[,\s]*$/i

const beginning = /^(?:fm\w{1,2}|fo1)_/
const prefix = /(?:fm1r|fm1a|fm2|fo1)_/
const otherText = 'has other text before it: give the token alone'
const unknown = 'begins with none of fm2_, fm1r_, fm1a_ and fo1_, and so is no token of an authority'
const urlSafe = /^fm\w{1,2}_(?=.*[_-])[\w-]*={0,2}$/
const authToken = /^fo1_[\w-]{1,256}$/
const noAuthToken = 'is no auth token: behind fo1_ it has 1 to 256 of A-Z a-z 0-9 _ -'

/** What people have beside a token, and paste in its place. */
const foreign = [
  [/^(?:gh[pousr]|github_pat)_/, 'GitHub'],
  [/^gl[a-z]{2,6}-/, 'GitLab'],
  [/^npm_/, 'npm'],
  [/^pypi-/, 'PyPI'],
  [/^xox[a-z]-/, 'Slack'],
  [/^(?:AKIA|ASIA)[A-Z\d]{12}/, 'AWS'],
  [/^(?:AIza|ya29\.)/, 'Google'],
  [/^do[op]_v1_/, 'DigitalOcean'],
  [/^hv[bs]\./, 'Vault'],
  [/^dckr_[a-z]+_/, 'Docker'],
] as const

/** As shells, PowerShell among them, Dockerfiles and scripts write it; the padding of a token is none. */
const assignment =
  /^(?!(?:fm\w{1,2}|fo1)_)(?:[a-z]{2,8}\s+(?:-\w+\s+)*)?(?:\$(?:\{?env:\s*)?)?[a-z_][\w.]*\}?\s*:?=(?!=)\s*\S/i

const mistakes: ReadonlyArray<readonly [form: RegExp, words: string]> = [
  [/\*{3}/, 'is hidden behind ***, as logs of CI jobs show it: take it from where it is kept'],
  [/^basic\s/i, 'is for Basic: send Bearer and the token itself, which is the password in it'],
  [/^-----BEGIN /, 'is a key or a certificate in PEM'],
  [assignment, 'begins with NAME=: give what stands behind it'],
  [/^\$[\w({]|^%\w+%$|\{\{/, 'is the name of a variable that nothing has replaced'],
  [/^(?:undefined|null|nil|none|true|false)$/i, 'is a word that stands for no value'],
  [/^(?:\{|\[\s*["[{])/, 'is JSON: give what stands in its field token'],
  [/^(?:export\s+|set\s+|\$env:\s*)?[A-Z][A-Z\d_]*\s*=/, 'begins with NAME=: give what stands behind it'],
  [/^<.*>$/s, 'is a place for a token, and not one'],
  [/^[a-z][a-z\d+.-]*:\/\//i, 'is an address'],
  [/^(?:@|~?\/|\.{1,2}\/|[a-z]:\\)(?!.*(?:fm\w{1,2}|fo1)_)[^,]*$/is, 'is the name of a file: give what stands in it'],
  [/^eyJ[\w-]*\./, 'is a JSON Web Token, which this is not about'],
  [/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i, 'is an id, as a token has one, and not the token itself'],
  ...foreign.map(([form, whose]) => [form, `is a token of ${whose}`] as const),
  [/^(?!(?:fm\w{1,2}|fo1)_)[^,]*[\s=:[('"](?:fm\w{1,2}|fo1)_/is, otherText],
  [
    /^(?:(?:bearer|flyv1)%20)?(?:fm\w{1,2}|fo1)(?:_|%5f).*%(?:2[bf]|3d|2c)/is,
    'is percent-encoded: give it as it was made',
  ],
]

function strip(text: string): string {
  const plain = replaceUnseen(text, (character) => (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(character) ? character : ''))
    .replaceAll(/[\u2028\u2029]|\\[rnt]/g, '\n')
    .replaceAll(String.raw`\/`, '/')
    .trim()
  return plain
    .replaceAll(quotesBefore, '$1')
    .replaceAll(quotesBehind, '')
    .trim()
    .replace(/^authorization\s*:\s*/i, '')
    .replaceAll(quotesBefore, '$1')
    .replace(/(?<![;.])[;.]$/, '')
    .trim()
}
