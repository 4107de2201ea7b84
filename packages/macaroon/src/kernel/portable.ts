/** What runs everywhere: for pages and edge workers, and what else does not read packages as Node does. */

export { portableCipher as defaultCipher } from './portable-cipher.ts'
export { portableKernel as defaultKernel } from './portable-kernel.ts'
