/** Runs the examples of README.md: what each console.log prints must be what the comment behind it says. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, it, vi } from 'vitest'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const manifest: { readonly exports: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)
const examples = [...readme.matchAll(/^## ([^\n]*)\n(?:(?!^## ).)*?```ts\n(.*?)```/gms)].map(
  ([, title = '', code = '']) => ({
    title,
    code,
  }),
)

/** The source behind one of the package's doors, in quotes. */
function sourceOf(door: string): string {
  return JSON.stringify(new URL(`../${manifest.exports[door]}`, import.meta.url).href)
}

afterEach(() => vi.restoreAllMocks())

it('has ten examples', () => {
  expect(examples).toHaveLength(10)
})

it.each(examples)('$title', async ({ code }) => {
  const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, comment]) => comment)
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((value: unknown) => {
    printed.push(typeof value === 'bigint' ? `${value}n` : String(value))
  })
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-readme-'))
  try {
    const file = join(folder, 'example.mjs')
    writeFileSync(
      file,
      code.replaceAll(/'@hallpass\/macaroon(\/\w+)?'/g, (_, path = '') => sourceOf(`.${path}`)),
    )
    await import(/* @vite-ignore */ pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
  expect(printed).toEqual(expected)
  expect(printed.length).toBeGreaterThan(0)
})
