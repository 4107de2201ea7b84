// Makes the package.json of a published package from that of the source.
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
  readonly imports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly exports?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional: boolean }>>
}

/** That of a library: its exports and imports point at the compiled modules, the exports at their types too. */
export function libraryManifest(folder: string): object {
  const { exports = {}, imports, ...manifest } = readManifest(folder)
  const { peerDependencies, peerDependenciesMeta } = manifest
  const built = Object.entries(exports).map(([path, source]) => {
    const module = compiled(source)
    return [path, { types: module.replace(/\.js$/, '.d.ts'), default: module }]
  })
  return {
    ...pick(manifest),
    peerDependencies,
    peerDependenciesMeta,
    imports: imports && mapValues(imports, (conditions) => mapValues(conditions, compiled)),
    exports: Object.fromEntries(built),
  }
}

function compiled(source: string): string {
  return source.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js')
}

function mapValues<Value, Made>(record: Readonly<Record<string, Value>>, make: (value: Value) => Made) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, make(value)]))
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
