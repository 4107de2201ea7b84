// Makes what tests share, once before they run: the command line as it is published, and the server and other programs
// in few files, which start in half the time.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { TestProject } from 'vitest/node'

import { bundleCommand } from './bundle-command.ts'
import { bundleServer } from './bundle-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The file to run with Node.js. */
    hallpass: string
    /** The directory of the programs of `bundle-server.ts`. */
    programs: string
  }
}

const root = resolve(import.meta.dirname, '..')

export async function setup(project: TestProject): Promise<() => void> {
  // Where it finds the package of the dashboard.
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, 'hallpass-'))
  cpSync(join(root, 'packages/cli/package.json'), join(directory, 'package.json'))
  const programs = join(directory, 'node_modules/@hallpass/authority')
  const bundle = async () => void (await Promise.all([bundleCommand(join(directory, 'bin')), bundleServer(programs)]))
  await bundle()
  project.onTestsRerun(bundle)
  project.provide('programs', programs)
  project.provide('hallpass', join(directory, 'bin/hallpass.js'))
  return () => rmSync(directory, { recursive: true })
}
