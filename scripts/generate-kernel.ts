// Makes the WebAssembly module of the macaroon kernel: packages/macaroon/src/kernel/wasm-module.gen.ts.
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { formatModule } from '../packages/macaroon/src/kernel/generator/module.ts'

const root = resolve(import.meta.dirname, '..')
writeFileSync(join(root, 'packages/macaroon/src/kernel/wasm-module.gen.ts'), formatModule())
