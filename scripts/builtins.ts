// For bundles: modules of Node.js without what nobody uses of them.
import { isBuiltin } from 'node:module'

import type { Plugin } from 'rolldown'

/**
 * An `import` of a module of Node.js also loads its lazy parts: fetch with `node:http`, streams with `node:fs`. For the server
 * that is 6 MiB of memory. Late modules are loaded when something of them is first asked for.
 */
export const builtins: Plugin = {
  name: 'builtins',
  resolveId: (id) => (isBuiltin(id) && nameOf(id) !== 'module' ? `\0node:${nameOf(id)}` : undefined),
  load: (id) => {
    if (!id.startsWith('\0node:')) return undefined
    return late.has(nameOf(id.slice(1))) ? loadLater(id.slice(1)) : load(id.slice(1))
  },
}

function nameOf(id: string): string {
  return id.replace(/^node:/, '')
}

/** Those that most servers never need. */
export const late: ReadonlySet<string> = new Set([
  'child_process',
  'cluster',
  'dns',
  'dns/promises',
  'http2',
  'https',
  'tls',
  'worker_threads',
  'zlib',
])

function load(name: string): string {
  return `module.exports = process.getBuiltinModule(${JSON.stringify(name)})`
}

/**
 * Each of its names is a getter and a setter, those too that it does not enumerate, as constants, and those that it inherits.
 * Its methods work on it through these, and so it keeps what they change.
 */
function loadLater(name: string): string {
  const real: object = process.getBuiltinModule(name) ?? {}
  const get = `process.getBuiltinModule(${JSON.stringify(name)})`
  return `const enumerated = new Set(${JSON.stringify(Object.keys(real))})
for (const name of ${JSON.stringify(namesOf(real))}) {
  Object.defineProperty(exports, name, {
    enumerable: enumerated.has(name),
    get: () => ${get}[name],
    set: (value) => { ${get}[name] = value },
  })
}`
}

/** Without what every object has. */
function namesOf(module: object): readonly string[] {
  const names = new Set<string>()
  for (let of = module; of !== Object.prototype && of !== null; of = Object.getPrototypeOf(of) as typeof of) {
    for (const name of Object.getOwnPropertyNames(of)) names.add(name)
  }
  names.delete('constructor')
  return [...names]
}
