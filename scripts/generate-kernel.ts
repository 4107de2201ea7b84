// Makes what of the macaroon kernel is made by machine: the WebAssembly module, and the unrolled SHA-256 in TypeScript.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { generatedFiles } from '../packages/macaroon/src/kernel/generator/generated-files.ts'

const kernel = resolve(import.meta.dirname, '../packages/macaroon/src/kernel')
for (const [name, text] of Object.entries(generatedFiles())) writeFileSync(resolve(kernel, name), text)
