/** All files that are made by machine, under their names in `kernel/`. */

import { formatModule } from './module.ts'
import { formatUnrolledChacha20 } from './unrolled-chacha20.ts'
import { formatUnrolledSha256 } from './unrolled-sha256.ts'

export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'chacha20-block.gen.ts': formatUnrolledChacha20(),
    'sha256-compress.gen.ts': formatUnrolledSha256(),
    'wasm-module.gen.ts': formatModule(),
  }
}
