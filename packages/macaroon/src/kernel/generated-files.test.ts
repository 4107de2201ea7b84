import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { generatedFiles } from './generator/generated-files.ts'
import { makeModule } from './generator/module.ts'
import { createWasmKernel } from './wasm-kernel.ts'

describe('what is made by machine', () => {
  it.each(Object.entries(generatedFiles()))('is what the generator makes, to the byte: %s', (name, text) => {
    expect(readFileSync(new URL(name, import.meta.url), 'utf8')).toBe(text)
  })

  it('is a small module, and runs here', () => {
    expect(makeModule().length).toBeLessThanOrEqual(16_384)
    expect(createWasmKernel()?.name).toBe('wasm-simd')
  })
})
