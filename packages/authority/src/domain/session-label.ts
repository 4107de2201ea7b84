// The label of a session in the list of a person's logins.
import { cleanse, isVisible } from '@hallpass/client/visible-text'

const longestLabel = 80
const longestText = 512

const browsers: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Edge', /\bEdg(?:A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  // Browsers based on Chrome also contain its name, and Chrome contains Safari's.
  ['Chrome', /\b(?:(?:Headless)?Chrome|CriOS)\//],
  ['Safari', /\bVersion\/[\d.]+ .*Safari\//],
]

const systems: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Windows', /\bWindows\b/],
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
]

/** `Firefox on Linux` for common browsers; otherwise the user agent in printable characters. */
export function describeUserAgent(userAgent: string | undefined): string {
  // A longer user agent has nothing that a person would read.
  const text = (userAgent ?? '').slice(0, longestText)
  const browser = browsers.find(([, sign]) => sign.test(text))?.[0]
  const system = systems.find(([, sign]) => sign.test(text))?.[0]
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`
  return fitLabel(text)
}

/** The first 80 printable characters of the first 512, in one line; never empty. */
export function fitLabel(text: string): string {
  const shown = cleanse(text.slice(0, longestText)).replaceAll(/\s+/g, ' ').trim()
  return isVisible(shown) ? Array.from(shown).slice(0, longestLabel).join('').trim() : 'unknown'
}
