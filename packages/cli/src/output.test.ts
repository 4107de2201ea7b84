// What is printed is JSON that says the same, and that no terminal obeys.
import { expect, it } from 'vitest'

import { formatJson } from './output.ts'

it('writes what is not seen in JSON as its own escapes', () => {
  const value = {
    name: 'a\u200bb\u202ec\u2066\u061c\u{e0041}\u2028\u009b31m\u001b[31m\ufeff\ud800',
    picture: '👩\u200d👩',
    lines: 'a\nb\tc"\\',
    'ke\u200by': 1,
  }
  const json = formatJson(value)
  expect(JSON.parse(json)).toEqual(value)
  expect(json).toContain('\\udb40\\udc41')
  expect(json.replaceAll('👩\u200d👩', '')).not.toMatch(/[^\P{C}\n]/u)
})
