import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { printable } from '@hallpass/client/visible-text'

import { formatGoTime } from './go-time.ts'
import { formatTable } from './table.ts'
import { anyText } from '../../macaroon/src/testing/any-text.ts'

describe('formatTable', () => {
  it('pads columns to the widest cell, and leaves no space at the ends of lines', () => {
    expect(
      formatTable(
        ['ID', 'NAME', 'BY'],
        [
          ['1', 'a long name', ''],
          ['22', 'b', 'ada'],
        ],
      ),
    ).toBe('ID  NAME         BY\n1   a long name\n22  b            ada\n')
  })

  it('prints the headers of an empty table', () => {
    expect(formatTable(['ID', 'NAME'], [])).toBe('ID  NAME\n')
  })

  it('keeps one line a row, whatever the names are', () => {
    fc.assert(
      fc.property(fc.array(anyText()), (names) => {
        const lines = formatTable(
          ['NAME', 'X'],
          names.map((name) => [name, 'x']),
        ).split('\n')
        expect(lines).toHaveLength(names.length + 2)
      }),
    )
  })
})

describe('printable', () => {
  it('shows what would move the cursor or turn the text around', () => {
    expect(printable('a\u001b[31mred\r\n\u202e')).toBe('a\\u{1b}[31mred\\u{d}\\u{a}\\u{202e}')
    expect(printable('Käsekuchen 🍰 "x"')).toBe('Käsekuchen 🍰 "x"')
  })

  it('leaves no control character', () => {
    fc.assert(fc.property(anyText(), (text) => !/[\p{Cc}\p{Cs}]/u.test(printable(text))))
  })
})

describe('formatGoTime', () => {
  it.each([
    ['2124-04-23T05:39:39Z', '2124-04-23 05:39:39 +0000 UTC'],
    ['2124-04-23T05:39:39.250Z', '2124-04-23 05:39:39 +0000 UTC'],
    ['2124-04-23T07:39:39+02:00', '2124-04-23 05:39:39 +0000 UTC'],
    ['never', 'never'],
  ])('%s is %s', (timestamp, expected) => {
    expect(formatGoTime(timestamp)).toBe(expected)
  })
})
