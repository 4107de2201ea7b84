// Modules of Node.js in a bundle, beside the real ones.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { builtins, late } from './builtins.ts'

type Modules = Readonly<Record<string, Record<string, unknown>>>

const names = [...late]
const folder = mkdtempSync(join(tmpdir(), 'hallpass-builtins-'))
const bundle = pathToFileURL(join(folder, 'bundle.js')).href
let required: Modules
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(async () => {
  const requires = names.map((name) => `'${name}': require('node:${name}')`)
  writeFileSync(join(folder, 'required.cjs'), `module.exports = { ${requires.join(', ')} }`)
  const imports = names.map((name, at) => `import * as module${at} from '${name}'`)
  const imported = `export const imported = [${names.map((_, at) => `module${at}`).join(', ')}]`
  writeFileSync(
    join(folder, 'entry.mjs'),
    [...imports, `import required from './required.cjs'`, 'export { required }', imported].join('\n'),
  )
  const made = await rolldown({ input: join(folder, 'entry.mjs'), platform: 'node', plugins: [builtins] })
  await made.write({ file: join(folder, 'bundle.js'), format: 'esm' })
  await made.close()
  ;({ required } = (await import(bundle)) as { required: Modules })
})

test.each(names)('%s has each name of the real one, with the same value', (name) => {
  const real = realOf(name)
  const chain: object[] = []
  for (let of = real; of !== Object.prototype; of = Object.getPrototypeOf(of) as typeof of) chain.push(of)
  const all = new Set(chain.flatMap((of) => Object.getOwnPropertyNames(of)))
  all.delete('constructor')
  expect(all.size).toBeGreaterThan(0)
  const module = required[name] ?? {}
  expect([...all].filter((each) => !(each in module) || !Object.is(module[each], real[each]))).toEqual([])
  expect(Object.keys(module)).toEqual(Object.keys(real))
})

test('is loaded when something of it is first asked for', () => {
  const program = `
    const loaded = () => new Set(process.moduleLoadList)
    const before = loaded()
    const { required, imported } = await import(${JSON.stringify(bundle)})
    const gained = [...loaded()].filter((module) => !before.has(module))
    const constant = required.zlib.Z_SYNC_FLUSH
    console.log(JSON.stringify({ gained, constant, has: [before, loaded()].map((set) => set.has('NativeModule zlib')) }))`
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  const { gained, ...rest } = JSON.parse(said) as { readonly gained: readonly string[] }
  expect(gained.filter((module) => late.has(module.replace('NativeModule ', '')))).toEqual([])
  expect(rest).toEqual({ constant: 2, has: [false, true] })
})

test('what is set, and what its own methods change, is in the real one', () => {
  const cluster = realOf('cluster')
  const heard: unknown[] = []
  const module = required['cluster'] as unknown as NodeJS.EventEmitter
  module.once('told', (word) => heard.push(word))
  ;(cluster as unknown as NodeJS.EventEmitter).emit('told', 'a word')
  expect(heard).toEqual(['a word'])

  const https = realOf('https')
  const agent = https['globalAgent']
  try {
    Object.assign(required['https'] ?? {}, { globalAgent: 'another' })
    expect(https['globalAgent']).toBe('another')
  } finally {
    https['globalAgent'] = agent
  }
})

function realOf(name: string): Record<string, unknown> {
  return process.getBuiltinModule(name) as unknown as Record<string, unknown>
}
