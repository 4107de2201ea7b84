/** The kernel in WebAssembly with SIMD: its module is made by `generator/`, and this is what talks to it. */

import { expectChain, expectRange, expectSealing } from './expectations.ts'
import type { Cipher, Kernel } from './kernel.ts'
import { portableCipher } from './portable-cipher.ts'
import { firstHash, roundConstants } from './sha256-constants.ts'
import { portableKernel } from './portable-kernel.ts'
import { inputCapacity, layout, scratchCapacity, rootCount, rootLength, tailCapacity } from './wasm-layout.ts'
import { kernelModule } from './wasm-module.gen.ts'

/**
 * A kernel with a memory of its own; undefined where WebAssembly is not there, knows no SIMD or may not be compiled: under a
 * content security policy without `wasm-unsafe-eval`, or in workerd.
 */
export function createWasmKernel(): (Kernel & Cipher) | undefined {
  try {
    return wrap(instantiate(readHex(kernelModule)))
  } catch {
    return undefined
  }
}

/** The functions of a module, with a memory of their own. Throws where WebAssembly is not there or may not be compiled. */
export function instantiate(module: Uint8Array): WasmExports {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module))
  const { buffer } = exports.memory
  new Int32Array(buffer, layout.roundConstants).set(roundConstants)
  new Int32Array(buffer, layout.initialHash).set(firstHash)
  return exports
}

/** What the module exports: see `generator/module.ts`. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  hash(this: void, length: number): void
  hmac(this: void, length: number): void
  chain(nonceStart: number, nonceEnd: number, caveats: number): void
  ends(nonceStart: number, nonceEnd: number, caveats: number, claimed: number, proof: number): number
  follow(nonceStart: number, nonceEnd: number, caveats: number, claimed: number, proof: number): number
  seal(aadLength: number, length: number): void
  open(aadLength: number, length: number): number
  openBox(tail: number, length: number): number
  wipe(start: number, end: number): void
  /** On its own only for the tests. */
  poly1305(start: number, end: number): void
}

// The libraries of TypeScript that are the same everywhere do not know it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: WasmExports }
}

const boxNonceLength = 12
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

/**
 * Only this function has the memory. Constants outlive a call, and so do hashes of the pads of the last few signing
 * keys, which are found by all 32 bytes of a key and written without interruption. No foreign code runs between the
 * first byte that goes in and the last one that is wiped: getters of arguments run before, and an error in between
 * wipes too.
 */
function wrap(wasm: WasmExports): Kernel & Cipher {
  const memory = new Uint8Array(wasm.memory.buffer)
  const input = memory.subarray(layout.input, layout.input + inputCapacity)
  const scratch = memory.subarray(layout.scratch, layout.scratch + scratchCapacity)
  const offsetSlots = new Uint32Array(wasm.memory.buffer, layout.offsets, tailCapacity)
  // A key's place follows from its first byte. So an empty place has a first byte that no key there has.
  for (let i = 0; i < rootCount; i += 1) memory[layout.roots + i * rootLength] = i + 1
  let isScratchTaken = false

  /** Wipes what is secret, and so many bytes of the input. */
  function forget(length: number): void {
    wasm.wipe(layout.key, layout.secretsEnd)
    wasm.wipe(layout.input, layout.input + length)
  }

  /** What one of the hashes makes of these bytes, which are the platform's own. */
  function digest(bytes: Uint8Array, hash: (length: number) => void, key?: Uint8Array): Uint8Array {
    const { length } = bytes
    try {
      if (key !== undefined) memory.set(key, layout.key)
      input.set(bytes)
      hash(length)
      return memory.slice(layout.tails, layout.tails + 32)
    } finally {
      forget(length)
      wasm.wipe(layout.tails, layout.tails + 32)
    }
  }

  function sha256(bytes: Uint8Array): Uint8Array {
    return bytes.length > inputCapacity ? portableKernel.sha256(bytes) : digest(bytes, wasm.hash)
  }

  function fillOffsets(offsets: readonly number[]): number {
    for (let i = 0; i < offsets.length; i += 1) offsetSlots[i] = offsets[i] ?? 0
    return Math.max(offsets.length, 1) - 1
  }

  /** Brings key, nonce and additional data to their places. Returns where in the input the text goes. */
  function prepare(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array): number {
    const start = Math.ceil(aad.length / 16) * 16
    memory.set(key, layout.key)
    memory.set(nonce, layout.nonce + 4)
    input.fill(0, 0, start)
    input.set(aad)
    return start
  }

  return {
    name: 'wasm-simd',
    withScratch(length, use) {
      // A nested call gets an array of its own.
      if (isScratchTaken || length > scratchCapacity) return use(new Uint8Array(length))
      isScratchTaken = true
      try {
        return use(scratch)
      } finally {
        wasm.wipe(layout.scratch, layout.scratch + length)
        isScratchTaken = false
      }
    },
    sha256,
    hmac(key, bytes) {
      if (bytes.length > inputCapacity) return portableKernel.hmac(key, bytes)
      return digest(bytes, wasm.hmac, key.length > 64 ? sha256(key) : key)
    },
    chain(key, bytes, nonceStart, nonceEnd, offsets) {
      const { length } = bytes
      expectChain(key, length, nonceStart, nonceEnd, offsets)
      if (length > inputCapacity || offsets.length > tailCapacity) {
        return portableKernel.chain(key, bytes, nonceStart, nonceEnd, offsets)
      }
      const caveats = fillOffsets(offsets)
      const end = layout.tails + (caveats + 1) * 32
      try {
        memory.set(key, layout.key)
        input.set(bytes)
        wasm.chain(nonceStart, nonceEnd, caveats)
        return memory.slice(layout.tails, end)
      } finally {
        forget(length)
        wasm.wipe(layout.tails, end)
      }
    },
    endsIn(key, source, nonceStart, nonceEnd, offsets, claimed, proof) {
      const { length } = source
      expectChain(key, length, nonceStart, nonceEnd, offsets)
      expectRange(length, claimed, claimed + 32)
      if (length > inputCapacity || offsets.length > tailCapacity) {
        return portableKernel.endsIn(key, source, nonceStart, nonceEnd, offsets, claimed, proof)
      }
      const caveats = fillOffsets(offsets)
      try {
        memory.set(key, layout.key)
        source.copyTo(input)
        const isSame = wasm.ends(nonceStart, nonceEnd, caveats, claimed, proof ? 1 : 0) === 1
        wasm.wipe(layout.input, layout.input + length)
        return isSame
      } catch (error) {
        forget(length)
        throw error
      }
    },
    seal(key, nonce, plaintext, aad = nothing) {
      expectSealing(key, nonce)
      const length = Math.ceil(aad.length / 16) * 16 + plaintext.length + tagLength
      if (length + 32 > inputCapacity) return portableCipher.seal(key, nonce, plaintext, aad)
      try {
        const start = prepare(key, nonce, aad)
        input.set(plaintext, start)
        wasm.seal(aad.length, plaintext.length)
        return input.slice(start, length)
      } finally {
        forget(length + 32)
      }
    },
    open(key, nonce, sealed, aad = nothing) {
      expectSealing(key, nonce)
      if (sealed.length < tagLength) return undefined
      const length = Math.ceil(aad.length / 16) * 16 + sealed.length
      if (length + 32 > inputCapacity) return portableCipher.open(key, nonce, sealed, aad)
      try {
        const start = prepare(key, nonce, aad)
        input.set(sealed, start)
        const isGenuine = wasm.open(aad.length, sealed.length - tagLength) === 1
        return isGenuine ? input.slice(start, length - tagLength) : undefined
      } finally {
        forget(length + 32)
      }
    },
    openInChain(boxes, key, source, nonceStart, nonceEnd, offsets, claimed, proof) {
      let { length } = source
      expectChain(key, length, nonceStart, nonceEnd, offsets)
      expectRange(length, claimed, claimed + 32)
      for (const { tail, sealed } of boxes) {
        expectRange(offsets.length, tail, tail + 1)
        length = Math.max(length, sealed.length + 32)
      }
      if (length > inputCapacity || offsets.length > tailCapacity) {
        return portableCipher.openInChain(boxes, key, source, nonceStart, nonceEnd, offsets, claimed, proof)
      }
      const caveats = fillOffsets(offsets)
      try {
        memory.set(key, layout.key)
        source.copyTo(input)
        if (wasm.follow(nonceStart, nonceEnd, caveats, claimed, proof ? 1 : 0) === 0) return undefined
        return boxes.map(({ tail, sealed }) => {
          const textLength = sealed.length - boxNonceLength - tagLength
          if (textLength < 0) return undefined
          memory.set(sealed, layout.input - boxNonceLength)
          return wasm.openBox(tail, textLength) === 1 ? input.slice(0, textLength) : undefined
        })
      } finally {
        forget(length)
        wasm.wipe(layout.tails, layout.tails + (caveats + 1) * 32)
      }
    },
  }
}

const nothing = new Uint8Array(0)
