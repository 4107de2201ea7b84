// A vite plugin: leaves the core's WebAssembly away. The policy of our pages forbids it, so that it would never run here,
// and the browser would report the attempt; the core has the same in TypeScript.
import type { Plugin } from 'vite'

// Beside what imports it, so that it goes into the same file.
const name = '\0packages/macaroon/without-wasm'

export function withoutWasm(): Plugin {
  return {
    name: 'hallpass-without-wasm',
    enforce: 'pre',
    resolveId: (source) => (source.endsWith('/wasm-kernel.ts') ? name : undefined),
    load: (id) => (id === name ? 'export const createWasmKernel = () => undefined' : undefined),
  }
}
