// Makes the command line as it is published: one file a command, loaded when it is called for.
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { rolldown, type Plugin } from 'rolldown'

import { answerForms } from '../packages/client/src/answer-forms.ts'
import { builtins } from './builtins.ts'
import { readManifest } from './manifest.ts'

const command = resolve(import.meta.dirname, '../packages/cli')

/** The bundle leaves out the schemas from which they are made. */
const forms: Plugin = {
  name: 'forms',
  load: (id) =>
    id.endsWith('client/src/answer-forms.ts')
      ? `export const answerForms = JSON.parse(${JSON.stringify(JSON.stringify(answerForms))})`
      : undefined,
}

/** Writes it into this directory. The server and the dashboard stay packages, which are installed with it. */
export async function bundleCommand(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  const bundle = await rolldown({
    input: { main: join(command, 'src/main.ts') },
    platform: 'node',
    external: Object.keys(readManifest('cli').peerDependencies ?? {}),
    plugins: [builtins, forms],
    logLevel: 'warn',
  })
  await bundle.write({
    dir: directory,
    format: 'esm',
    charset: 'ascii',
    minify: true,
    chunkFileNames: '[name]-[hash].js',
    // One file has what nearly every command needs, because to find another file takes as long as to run it.
    codeSplitting: { groups: [{ name: 'core', test: /cli.src.(?:main|connect|output)\.ts$/ }] },
  })
  await bundle.close()
  cpSync(join(command, 'bin/hallpass.js'), join(directory, 'hallpass.js'))
}
