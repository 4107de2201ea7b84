// Generates the WebAssembly module of the macaroon kernel.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { formatModule } from '../packages/macaroon/src/kernel/generator/module.ts'

writeFileSync(resolve(import.meta.dirname, '../packages/macaroon/src/kernel/wasm-module.gen.ts'), formatModule())
