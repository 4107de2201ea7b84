// Makes what of the macaroon kernel is made by machine: the WebAssembly module.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { formatModule } from '../packages/macaroon/src/kernel/generator/module.ts'

writeFileSync(resolve(import.meta.dirname, '../packages/macaroon/src/kernel/wasm-module.gen.ts'), formatModule())
