// For bundles: modules of Node.js without what nobody uses of them.
import { isBuiltin } from 'node:module'

import type { Plugin } from 'rolldown'

/**
 * An `import` of a module of Node.js also loads its lazy parts: fetch with `node:http`, streams with `node:fs`. For the server
 * that is 6 MiB of memory. Modules that most servers never need are loaded when something of them is first asked for.
 */
export const builtins: Plugin = {
  name: 'builtins',
  resolveId: (id) => (isBuiltin(id) && nameOf(id) !== 'module' ? `\0node:${nameOf(id)}` : undefined),
  load: (id) => {
    if (!id.startsWith('\0node:')) return undefined
    return rare.has(nameOf(id.slice(1))) ? loadLater(id.slice(1)) : load(id.slice(1))
  },
}

function nameOf(id: string): string {
  return id.replace(/^node:/, '')
}

const rare: ReadonlySet<string> = new Set([
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

/** Each of its exports is a getter. */
function loadLater(name: string): string {
  const names = Object.keys(process.getBuiltinModule(name) ?? {})
  return `for (const name of ${JSON.stringify(names)}) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => process.getBuiltinModule(${JSON.stringify(name)})[name] })
}`
}
