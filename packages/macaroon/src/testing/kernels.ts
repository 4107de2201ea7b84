/** For tests: every kernel there is; what one does, the others must do too. */

import type { Cipher, Kernel } from '../kernel/kernel.ts'
import { portableCipher } from '../kernel/portable-cipher.ts'
import { portableKernel } from '../kernel/portable-kernel.ts'
import { createWasmKernel } from '../kernel/wasm-kernel.ts'

export const kernels: readonly (Kernel & Cipher)[] = [{ ...portableKernel, ...portableCipher }, requireWasmKernel()]

function requireWasmKernel(): Kernel & Cipher {
  const kernel = createWasmKernel()
  if (kernel === undefined) throw new Error('WebAssembly does not run here')
  return kernel
}
