// Names in mails: mail programs make no link of them.
import { expect, test } from 'vitest'

import { harmlessName } from './mail.ts'

test.each([
  ['ci.example.com', 'ci . example . com'],
  ['https://evil.example', 'https :// evil . example'],
  ['eve@example.com', 'eve @ example . com'],
  // Names of hosts end in marks and pictures, too.
  ['\u0939\u093f\u0928\u094d\u0926\u0940.com', '\u0939\u093f\u0928\u094d\u0926\u0940 . com'],
  ['cafe\u0301.example', 'cafe\u0301 . example'],
  ['i\u2764.ws', 'i\u2764 . ws'],
  ['a\r\nBcc: x', 'a  Bcc: x'],
  ['\u202emoc.elpmaxe', 'moc . elpmaxe'],
  ['nightly.', 'nightly.'],
])('%j is written as %j', (name, written) => {
  expect(harmlessName(name)).toBe(written)
})
