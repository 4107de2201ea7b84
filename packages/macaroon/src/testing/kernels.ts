/** For tests: every kernel there is; what one does, the others must do too. */

import type { Kernel } from '../kernel/kernel.ts'
import { portableKernel } from '../kernel/portable-kernel.ts'
import { createWasmKernel } from '../kernel/wasm-kernel.ts'

export const kernels: readonly Kernel[] = [portableKernel, requireWasmKernel()]

function requireWasmKernel(): Kernel {
  const kernel = createWasmKernel()
  if (kernel === undefined) throw new Error('WebAssembly does not run here')
  return kernel
}
