import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

import { expect, test } from 'vitest'

const program = `
${stripTypeScriptTypes(readFileSync(new URL('unasked.ts', import.meta.url), 'utf8'))}
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

function run(...flags: readonly string[]): string {
  return execFileSync(process.execPath, ['--trace-opt', ...flags, '--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
}

test('V8 compiles for speed from the first connection on', () => {
  const [before = '', after = ''] = run().split(/^now$/m)
  expect(before).not.toMatch(/compiling method .*often/)
  expect(after).toMatch(/compiling method .*often/)
})

test('under --jitless, where V8 crashes if it compiles, it compiles nothing', () => {
  const said = run('--jitless')
  expect(said).toContain('now')
  expect(said).not.toMatch(/compiling method .*often/)
})
