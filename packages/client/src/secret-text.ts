// Tokens and one-time codes in a text that they do not belong into: people paste them where names belong.

/** Whether the text holds what looks like a token or a one-time code, percent-encoded or not, on its own or within more. */
export function holdsSecret(text: string): boolean {
  let plain = text
  // Twice: what was encoded already is encoded once more in a path.
  for (let time = 0; time < 3; time++) {
    if (hasToken.test(plain) || hasCode.test(plain) || plain.match(everyRun)?.some(isRandom) === true) return true
    plain = plain.replaceAll(/(?:%[0-9a-f]{2})+/gi, decode)
  }
  return false
}

/** Whether the text holds a whole token or one-time code, as no name and no path does by chance. */
export function holdsWholeSecret(text: string): boolean {
  return hasWholeToken.test(text) || hasWholeCode.test(text) || text.match(everyLongWord)?.some(isRandom) === true
}

/** Leaves of each just enough to recognise what it was. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(everyToken, '$1_[secret]')
    .replaceAll(everyCode, '[secret]')
    .replaceAll(everyRun, (run) => (isRandom(run.replaceAll(/(?:%[0-9a-f]{2})+/gi, decode)) ? '[secret]' : run))
}

const letter = '(?:[a-z0-9+/=_-]|%[0-9a-f]{2})'
const token = `(fm1r|fm1a|fm2|fo1|fv1)(?:_|%(?:25)*5f)${letter}`
// As the authority makes them: four times eight letters and digits.
const code = '(?<![a-z0-9])[a-z0-9]{8}(?:-[a-z0-9]{8}){3}(?![a-z0-9])'
const hasToken = new RegExp(`${token}{8}`, 'i')
const hasCode = new RegExp(code, 'i')
const hasWholeToken = new RegExp(`${token}{24}`, 'i')
// As long as an auth token without its beginning; parts of a path are shorter.
const everyLongWord = /[\w+=-]{43,}/g
// Only the letters and digits of codes, with at least one digit: four words are not a code.
const hasWholeCode = /(?<![a-z0-9])(?=[a-z-]*[2-9])[a-hjkmnp-z2-9]{8}(?:-[a-hjkmnp-z2-9]{8}){3}(?![a-z0-9])/i
// A terminal breaks a long one into lines.
const everyToken = new RegExp(`${token}+(?:[\\r\\n]+${letter}+)*`, 'gi')
const everyCode = new RegExp(code, 'gi')
const everyRun = new RegExp(`${letter}{40,}`, 'gi')

/** Whether it looks like random base64: a token that has lost its beginning. Names, ids and paths are not so mixed. */
function isRandom(run: string): boolean {
  return run
    .split(/[/_-]/)
    .some((part) => part.length >= 16 && /[a-z]/.test(part) && /[A-Z]/.test(part) && /\d/.test(part))
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}
