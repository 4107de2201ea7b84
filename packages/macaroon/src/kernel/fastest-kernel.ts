/** The fastest kernel that may run here, picked once: for Node and what reads packages as Node does. */

import type { Kernel } from './kernel.ts'
import { portableKernel } from './portable-kernel.ts'
import { createWasmKernel } from './wasm-kernel.ts'

export const defaultKernel: Kernel = /* @__PURE__ */ createWasmKernel() ?? portableKernel
