// Makes what tests start in processes of their own, in few files: so it starts in half the time that the source takes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { rolldown } from 'rolldown'

const entries = {
  main: new URL('../packages/authority/src/main.ts', import.meta.url),
  // A thread finds it by its name.
  'sqlite-check': new URL('../packages/authority/src/store/sqlite-check.ts', import.meta.url),
  'serve-child': new URL('../e2e/serve-child.ts', import.meta.url),
  upgrading: new URL('../packages/authority/src/store/testing/upgrading.ts', import.meta.url),
  'acknowledging-writer': new URL('../packages/authority/src/store/testing/acknowledging-writer.ts', import.meta.url),
}

/** Puts the package of the server into this directory, and beside it the programs that tests kill. */
export async function bundleServer(directory: string): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, { pathname }]) => [name, pathname])),
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'warn',
  })
  await bundle.write({ dir: directory, format: 'esm', minifyInternalExports: false })
  await bundle.close()
  const manifest = { name: '@hallpass/authority', type: 'module', exports: './main.js' }
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
}
