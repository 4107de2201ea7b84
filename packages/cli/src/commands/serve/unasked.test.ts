import { execFileSync } from 'node:child_process'

import { expect, test } from 'vitest'

const program = `
import { beginUnasked } from ${JSON.stringify(new URL('./unasked.ts', import.meta.url).href)}
const asked = beginUnasked()
function often(number) {
  return number % 7
}
function run() {
  let sum = 0
  for (let number = 0; number < 1e6; number++) sum += often(number)
  return sum
}
run()
console.log('now')
asked()
run()
`

test('V8 compiles for speed from the first connection on', () => {
  const said = execFileSync(process.execPath, ['--trace-opt', '--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  const [before = '', after = ''] = said.split(/^now$/m)
  expect(before).not.toMatch(/compiling method .*often/)
  expect(after).toMatch(/compiling method .*often/)
})
