// The built packages, laid out as npm installs them, to compare them with the source.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { Workspace } from './workspace.ts'

/** The command's entry in the source. */
export const sourceEntry = resolve(import.meta.dirname, '../packages/cli/bin/hallpass.js')

/**
 * The entry of an installed command. Builds it first if needed.
 * @throws Error if it cannot be built; the reason is printed.
 */
export function installBuilt(workspace: Workspace): string {
  const root = resolve(import.meta.dirname, '..')
  const isBuilt = folders.every((folder) => existsSync(join(root, 'packages', folder, 'dist/package.json')))
  if (!isBuilt) {
    execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: ['ignore', 2, 2] })
  }
  return install(root, workspace.directory())
}

const folders = ['macaroon', 'client', 'authority', 'dashboard', 'cli']

/** Copies our packages, so that they find each other's builds and not the sources; links all others. */
function install(root: string, directory: string): string {
  const installed = join(directory, 'node_modules')
  mkdirSync(join(installed, '@hallpass'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@hallpass' || name === 'hallpass' || name.startsWith('.')) continue
    symlinkSync(join(root, 'node_modules', name), join(installed, name))
  }
  for (const folder of folders) {
    const name = folder === 'cli' ? 'hallpass' : `@hallpass/${folder}`
    cpSync(join(root, 'packages', folder, 'dist'), join(installed, name), { recursive: true })
  }
  return join(installed, 'hallpass/bin/hallpass.js')
}
