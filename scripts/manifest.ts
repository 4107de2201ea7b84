// The package.json of what is published, made from that of the source.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly type: string
  readonly sideEffects?: boolean
  readonly engines: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>
}

/** That of a library: its exports point at the compiled modules and their types. */
export function libraryManifest(folder: string): object {
  const { exports = {}, ...manifest } = readManifest(folder)
  const built = Object.entries(exports).map(([path, source]) => {
    const module = source.replace(/^\.\/src\//, './').replace(/\.ts$/, '')
    return [path, { types: `${module}.d.ts`, default: `${module}.js` }]
  })
  return { ...pick(manifest), exports: Object.fromEntries(built) }
}

/** That of the source. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8'))
}

/** Without what only development needs. */
export function pick({ name, version, description, license, type, sideEffects, engines, dependencies }: Manifest) {
  return { name, version, description, license, type, sideEffects, engines, dependencies }
}

const packages = resolve(import.meta.dirname, '../packages')
