import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

import { expect, test } from 'vitest'

const unasked = stripTypeScriptTypes(readFileSync(new URL('unasked.ts', import.meta.url), 'utf8'))

function run(program: string, ...flags: readonly string[]): string {
  return execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', unasked + program], {
    encoding: 'utf8',
  })
}

const compiling = `
const { asked } = beginUnasked()
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
  const [before = '', after = ''] = run(compiling, '--trace-opt').split(/^now$/m)
  expect(before).not.toMatch(/compiling method .*often/)
  expect(after).toMatch(/compiling method .*often/)
})

test('under --jitless, where V8 crashes if it compiles, it compiles nothing', () => {
  const said = run(compiling, '--trace-opt', '--jitless')
  expect(said).toContain('now')
  expect(said).not.toMatch(/compiling method .*often/)
})

// As a start does, which leaves much.
const growing = `
const kept = []
while (youngCapacity() < 4 * 1024 * 1024) kept.push(Array.from({ length: 1000 }, () => ({})))
const grown = youngCapacity()
`

test('what V8 keeps for garbage is small while nobody asks, and as large as it was from the first connection on', () => {
  const said = run(`${growing}
    const { started, asked } = beginUnasked(0)
    started()
    while (youngCapacity() >= grown) await new Promise((turn) => setTimeout(turn))
    asked()
    console.log(youngCapacity() >= grown)`)
  expect(said).toBe('true\n')
})

test('where V8 calls its collection by another name, nothing is collected, and nothing ends', () => {
  const said = run(
    `const { started, asked } = beginUnasked(0)
    started()
    await new Promise((turn) => setTimeout(turn, 1))
    asked()
    console.log('lives')`,
    '--expose-gc-as=collect',
  )
  expect(said).toBe('lives\n')
})

test('a server that is asked soon collects no garbage', () => {
  const said = run(
    `${growing}
    const { started, asked } = beginUnasked(0)
    console.log('now')
    started()
    asked()
    await new Promise((turn) => setTimeout(turn, 1))
    const { started: startedLate, asked: askedEarly } = beginUnasked(0)
    askedEarly()
    startedLate()
    await new Promise((turn) => setTimeout(turn, 1))`,
    '--trace-gc',
  )
  const [, after = ''] = said.split(/^now$/m)
  expect(after).not.toContain('Mark-Compact')
})
