// The built packages, laid out as npm installs them.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { Run } from './run.ts'

/**
 * The entry of an installed command, built from the source of today.
 * @throws Error if it cannot be built; the reason is printed
 */
export function builtEntry(run: Run): string {
  return run.once('built', () => {
    run.say('building the packages')
    execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: ['ignore', 2, 2] })
    return install(join(run.directory(), 'node_modules'))
  })
}

const root = resolve(import.meta.dirname, '..')

/** Copies our packages, so that they find each other's builds and not the sources; links all others. */
function install(installed: string): string {
  mkdirSync(join(installed, '@hallpass'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name === '@hallpass' || name === 'hallpass' || name.startsWith('.')) continue
    symlinkSync(join(root, 'node_modules', name), join(installed, name))
  }
  for (const folder of readdirSync(join(root, 'packages'))) {
    const dist = join(root, 'packages', folder, 'dist')
    if (!existsSync(join(dist, 'package.json'))) continue
    const { name } = JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8')) as { readonly name: string }
    cpSync(dist, join(installed, name), { recursive: true })
  }
  return join(installed, 'hallpass/bin/hallpass.js')
}
