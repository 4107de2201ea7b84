// Puts together what an image of the authority holds, from what `npm run build` has left: a prefix with the command, the
// server and its pages.
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const prefix = resolve(process.argv[2] ?? '')
if (process.argv[2] === undefined) throw new Error('name the directory to put it into')
const modules = join(prefix, 'lib/node_modules')
rmSync(prefix, { recursive: true, force: true })

for (const name of ['authority', 'dashboard']) copyPackage(name, `@hallpass/${name}`)
copyPackage('cli', 'hallpass')
mkdirSync(join(prefix, 'bin'))
symlinkSync('../lib/node_modules/hallpass/bin/hallpass.js', join(prefix, 'bin/hallpass'))

/** Without types and notes of the compiler. */
function copyPackage(folder: string, name: string): void {
  cpSync(join(root, 'packages', folder, 'dist'), join(modules, name), {
    recursive: true,
    filter: (path) => !/\.(?:map|[cm]?ts|tsbuildinfo)$/.test(path),
  })
}
