// Makes the command line as it is published: one file a command, loaded when it is called for.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { rolldown } from 'rolldown'

import { readManifest } from './manifest.ts'

const command = resolve(import.meta.dirname, '../packages/cli')

/** Puts it into this directory; the server and the dashboard are packages that whoever serves installs too. */
export async function bundleCommand(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const bundle = await rolldown({
    input: { main: join(command, 'src/main.ts') },
    platform: 'node',
    external: Object.keys(readManifest('cli').peerDependencies ?? {}),
    logLevel: 'warn',
  })
  await bundle.write({ dir: directory, format: 'esm', minify: true, chunkFileNames: '[name]-[hash].js' })
  await bundle.close()
  cpSync(join(command, 'bin/hallpass.js'), join(directory, 'hallpass.js'))
}
