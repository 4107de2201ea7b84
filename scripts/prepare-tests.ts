// What tests have in common, made once before they run: the command line as it is published, which starts in half the time.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { TestProject } from 'vitest/node'

import { bundleCommand } from './bundle-command.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The file to run with Node.js. */
    hallpass: string
  }
}

const root = resolve(import.meta.dirname, '..')

export async function setup(project: TestProject): Promise<() => void> {
  // Where it finds the packages of the server.
  const cache = join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, 'hallpass-'))
  cpSync(join(root, 'packages/cli/package.json'), join(directory, 'package.json'))
  await bundleCommand(join(directory, 'bin'))
  project.onTestsRerun(() => bundleCommand(join(directory, 'bin')))
  project.provide('hallpass', join(directory, 'bin/hallpass.js'))
  return () => rmSync(directory, { recursive: true })
}
