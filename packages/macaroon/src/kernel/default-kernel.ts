/** The kernel that all of the package runs on. */

import type { Kernel } from './kernel.ts'
import { typescriptKernel } from './typescript-kernel.ts'
import { createWasmKernel } from './wasm-kernel.ts'

/** The fastest that may run here, picked once. */
export const defaultKernel: Kernel = /* @__PURE__ */ createWasmKernel() ?? typescriptKernel
