import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatModule, makeModule } from './generator/module.ts'
import { createWasmKernel } from './wasm-kernel.ts'

describe('the WebAssembly module', () => {
  it('is what the generator makes, to the byte', () => {
    expect(readFileSync(new URL('wasm-module.gen.ts', import.meta.url), 'utf8')).toBe(formatModule())
  })

  it('is small, and runs here', () => {
    expect(makeModule().length).toBeLessThanOrEqual(16_384)
    expect(createWasmKernel()?.name).toBe('wasm-simd')
  })
})
