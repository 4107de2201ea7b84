/** The fastest kernel that may run here, picked once: for Node and what reads packages as Node does. */

import type { Cipher, Kernel } from './kernel.ts'
import { portableCipher } from './portable-cipher.ts'
import { portableKernel } from './portable-kernel.ts'
import { createWasmKernel } from './wasm-kernel.ts'

const wasm = /* @__PURE__ */ createWasmKernel()
export const defaultKernel: Kernel = wasm ?? portableKernel
export const defaultCipher: Cipher = wasm ?? portableCipher
