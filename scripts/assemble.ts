// Puts together what an image of the authority holds, from what `npm run build` has left: a prefix with the command, its
// packages and theirs in the versions of the lockfile, and nothing that only builds.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const prefix = resolve(process.argv[2] ?? '')
if (process.argv[2] === undefined) throw new Error('name the directory to put it into')
const modules = join(prefix, 'lib/node_modules')
rmSync(prefix, { recursive: true, force: true })

const listed = execFileSync(
  'npm',
  ['ls', '--workspace', '@hallpass/authority', '--omit', 'dev', '--all', '--parseable'],
  { cwd: root, encoding: 'utf8' },
)
for (const path of listed.split('\n')) {
  const name = relative(join(root, 'node_modules'), path)
  if (path !== '' && !name.startsWith('..') && !/^(?:@hallpass\/|hallpass$)/.test(name)) copy(path, join(modules, name))
}
for (const name of ['macaroon', 'client', 'authority', 'dashboard']) copyPackage(name, `@hallpass/${name}`)
copyPackage('cli', 'hallpass')
mkdirSync(join(prefix, 'bin'))
symlinkSync('../lib/node_modules/hallpass/bin/hallpass.js', join(prefix, 'bin/hallpass'))

function copyPackage(folder: string, name: string): void {
  copy(join(root, 'packages', folder, 'dist'), join(modules, name))
}

/** Without types and maps, and without packages inside: those are listed by themselves. */
function copy(from: string, to: string): void {
  const isWanted = (path: string): boolean => {
    const name = relative(from, path)
    return !/(?:^|\/)node_modules(?:\/|$)|\.(?:map|[cm]?ts|tsbuildinfo)$/.test(name)
  }
  cpSync(from, to, { recursive: true, filter: isWanted })
}
