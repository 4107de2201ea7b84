/** The kernel in WebAssembly with SIMD: its module is made by `generator/`, and this is what talks to it. */

import { equalBytes } from './equal-bytes.ts'
import { expectChain, expectRange, expectSealing } from './expectations.ts'
import type { Kernel } from './kernel.ts'
import { firstHash, roundConstants } from './sha256-constants.ts'
import { typescriptKernel } from './typescript-kernel.ts'
import { deskCapacity, inputCapacity, layout, rootCount, rootLength, tailCapacity } from './wasm-layout.ts'
import { kernelModule } from './wasm-module.gen.ts'

/**
 * A kernel with a memory of its own; undefined where WebAssembly is not there, knows no SIMD or may not be compiled: under a
 * content security policy without `wasm-unsafe-eval`, or in workerd.
 */
export function createWasmKernel(): Kernel | undefined {
  try {
    return wrap(instantiate(readHex(kernelModule)))
  } catch {
    return undefined
  }
}

/** The functions of a module, with a memory of their own. Throws where WebAssembly is not there or may not be compiled. */
export function instantiate(module: Uint8Array): WasmExports {
  return new WebAssembly.Instance(new WebAssembly.Module(module)).exports
}

/** What the module exports: see `generator/module.ts`. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  hash(length: number): void
  hmac(length: number): void
  chain(nonceStart: number, nonceEnd: number, caveats: number): void
  ends(nonceStart: number, nonceEnd: number, caveats: number, claimed: number, proof: number): number
  seal(aadLength: number, length: number): void
  open(aadLength: number, length: number): number
  wipe(start: number, end: number): void
  /** On its own only for the tests. */
  poly1305(start: number, end: number): void
}

// The libraries of TypeScript that are the same everywhere do not know it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: WasmExports }
}

const tagLength = 16

/** What newer engines can do. */
interface HexReader {
  fromHex(text: string): Uint8Array
}

function readHex(text: string): Uint8Array {
  const native: object = Uint8Array
  if ('fromHex' in native) return (native as HexReader).fromHex(text)
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(i * 2, i * 2 + 2), 16))
}

function wrap(wasm: WasmExports): Kernel {
  const memory = new Uint8Array(wasm.memory.buffer)
  // Neither of them compresses, so they come with the page only once.
  new Int32Array(wasm.memory.buffer, layout.roundConstants).set(roundConstants)
  new Int32Array(wasm.memory.buffer, layout.initialHash).set(firstHash)
  // No key has a place with another number than its own first byte tells, so none is found where none was put.
  for (let i = 0; i < rootCount; i += 1) memory[layout.roots + i * rootLength] = i + 1
  const desk = memory.subarray(layout.desk, layout.desk + deskCapacity)
  const offsetSlots = new Uint32Array(wasm.memory.buffer, layout.offsets, tailCapacity)

  /** The digest at tail 0, after which nothing of it or of what made it is left. */
  function takeDigest(inputLength: number): Uint8Array {
    const digest = memory.slice(layout.tails, layout.tails + 32)
    wasm.wipe(layout.key, layout.hashEnd)
    wasm.wipe(layout.tails, layout.tails + 32)
    wasm.wipe(layout.input, layout.input + inputLength)
    return digest
  }

  function sha256(bytes: Uint8Array): Uint8Array {
    if (bytes.length > inputCapacity) return typescriptKernel.sha256(bytes)
    memory.set(bytes, layout.input)
    wasm.hash(bytes.length)
    return takeDigest(bytes.length)
  }

  /** Brings to its places what a chain is made of, other than the bytes. */
  function prepareChain(key: Uint8Array, offsets: readonly number[], base: number): void {
    memory.set(key, layout.key)
    for (let i = 0; i < offsets.length; i += 1) offsetSlots[i] = base + (offsets[i] ?? 0)
  }

  /** Brings key, nonce and additional data to their places. Returns where the text goes. */
  function prepare(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array | undefined): number {
    memory.set(key, layout.key)
    memory.set(nonce, layout.nonce + 4)
    if (aad === undefined) return layout.input
    const text = layout.input + Math.ceil(aad.length / 16) * 16
    memory.fill(0, layout.input, text)
    memory.set(aad, layout.input)
    return text
  }

  /** A copy of what lies there, after which nothing of it or of what made it is left. */
  function takeText(start: number, length: number): Uint8Array {
    const text = memory.slice(start, start + length)
    wasm.wipe(layout.key, layout.secretsEnd)
    wasm.wipe(layout.input, start + length)
    return text
  }

  return {
    name: 'wasm-simd',
    desk,
    sha1: (bytes) => typescriptKernel.sha1(bytes),
    sha256,
    hmac(key, bytes, start, end) {
      expectRange(bytes.length, start, end)
      if (end - start > inputCapacity) return typescriptKernel.hmac(key, bytes, start, end)
      memory.set(key.length > 64 ? sha256(key) : key, layout.key)
      memory.set(bytes.subarray(start, end), layout.input)
      wasm.hmac(end - start)
      return takeDigest(end - start)
    },
    chain(key, bytes, nonceStart, nonceEnd, offsets) {
      expectChain(key, bytes.length, nonceStart, nonceEnd, offsets)
      if (bytes.length > inputCapacity || offsets.length > tailCapacity) {
        return typescriptKernel.chain(key, bytes, nonceStart, nonceEnd, offsets)
      }
      memory.set(bytes, layout.input)
      prepareChain(key, offsets, 0)
      const caveats = Math.max(offsets.length, 1) - 1
      wasm.chain(nonceStart, nonceEnd, caveats)
      const end = layout.tails + (caveats + 1) * 32
      const tails = memory.slice(layout.tails, end)
      wasm.wipe(layout.inner, layout.hashEnd)
      wasm.wipe(layout.tails, end)
      return tails
    },
    endsIn(key, bytes, origin, nonceStart, nonceEnd, offsets, claimed, proof) {
      const length = bytes.length - origin
      expectChain(key, length, nonceStart, nonceEnd, offsets)
      expectRange(length, claimed, claimed + 32)
      if (offsets.length > tailCapacity || (bytes !== desk && length > inputCapacity)) {
        return typescriptKernel.endsIn(key, bytes, origin, nonceStart, nonceEnd, offsets, claimed, proof)
      }
      // What is on the desk is where it can be worked on.
      const base = bytes === desk ? layout.desk - layout.input + origin : 0
      if (bytes !== desk) memory.set(bytes.subarray(origin), layout.input)
      prepareChain(key, offsets, base)
      const caveats = Math.max(offsets.length, 1) - 1
      return wasm.ends(base + nonceStart, base + nonceEnd, caveats, base + claimed, proof ? 1 : 0) === 1
    },
    seal(key, nonce, plaintext, aad) {
      expectSealing(key, nonce)
      if (plaintext.length + (aad?.length ?? 0) + 64 > inputCapacity) {
        return typescriptKernel.seal(key, nonce, plaintext, aad)
      }
      const text = prepare(key, nonce, aad)
      memory.set(plaintext, text)
      wasm.seal(aad?.length ?? 0, plaintext.length)
      return takeText(text, plaintext.length + tagLength)
    },
    open(key, nonce, sealed, aad) {
      expectSealing(key, nonce)
      if (sealed.length < tagLength) return undefined
      if (sealed.length + (aad?.length ?? 0) + 64 > inputCapacity) {
        return typescriptKernel.open(key, nonce, sealed, aad)
      }
      const text = prepare(key, nonce, aad)
      memory.set(sealed, text)
      const genuine = wasm.open(aad?.length ?? 0, sealed.length - tagLength)
      const plaintext = takeText(text, sealed.length - tagLength)
      return genuine === 1 ? plaintext : undefined
    },
    equal: equalBytes,
  }
}
