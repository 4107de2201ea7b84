// Makes the publishable packages: packages/*/dist, each with a package.json of its own.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { bundleCommand } from './bundle-command.ts'
import { publishServer } from './bundle-server.ts'
import { libraryManifest, pick, readManifest } from './manifest.ts'

const root = resolve(import.meta.dirname, '..')

const libraries = ['macaroon', 'client', 'guard', 'engine']
for (const folder of [...libraries, 'authority', 'cli']) rmSync(distOf(folder), { recursive: true, force: true })
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], { cwd: root, stdio: 'inherit' })
for (const folder of libraries) publishLibrary(folder)
await publishAuthority()
publishDashboard()
await publishCommand()

/** The compiled modules and their types. */
function publishLibrary(folder: string): void {
  writeManifest(folder, libraryManifest(folder))
}

/** The types as the compiler has written them, and all code in few files. */
async function publishAuthority(): Promise<void> {
  const dist = distOf('authority')
  for (const module of globSync('**/*.js', { cwd: dist })) rmSync(join(dist, module))
  await publishServer(dist)
  writeManifest('authority', { ...libraryManifest('authority'), dependencies: undefined })
}

/** The files of the pages; the exports say where they lie. */
function publishDashboard(): void {
  const { exports: _sources, ...manifest } = readManifest('dashboard')
  execFileSync('npm', ['run', '--silent', 'build:dashboard'], { cwd: root, stdio: 'inherit' })
  const exports = { './index.html': './index.html', './package.json': './package.json' }
  writeManifest('dashboard', { ...pick(manifest), exports })
}

async function publishCommand(): Promise<void> {
  const manifest = readManifest('cli')
  const { peerDependencies, peerDependenciesMeta } = manifest
  // Without the types that the compiler has written.
  rmSync(distOf('cli'), { recursive: true, force: true })
  await bundleCommand(join(distOf('cli'), 'bin'))
  writeManifest('cli', {
    ...pick(manifest),
    bin: manifest.bin,
    // The compiler writes types beside it.
    files: ['bin'],
    exports: { './package.json': './package.json' },
    // All else is in the bundle.
    dependencies: undefined,
    peerDependencies,
    peerDependenciesMeta,
  })
}

function writeManifest(folder: string, manifest: object): void {
  writeFileSync(join(distOf(folder), 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  // The compiler's own notes: as long as the code itself.
  writeFileSync(join(distOf(folder), '.npmignore'), '.tsbuildinfo\n')
  cpSync(join(root, 'LICENSE'), join(distOf(folder), 'LICENSE'))
  const readme = join(root, 'packages', folder, 'README.md')
  if (existsSync(readme)) cpSync(readme, join(distOf(folder), 'README.md'))
}

function distOf(folder: string): string {
  return join(root, 'packages', folder, 'dist')
}
