// For bundles: modules of Node.js without what nobody uses of them.
import type { Plugin } from 'rolldown'

/**
 * An `import` of a module of Node.js also loads its lazy parts: fetch with `node:http`, streams with `node:fs`. For the server
 * that is 6 MiB of memory.
 */
export const builtins: Plugin = {
  name: 'builtins',
  resolveId: (id) => (id.startsWith('node:') && id !== 'node:module' ? `\0${id}` : undefined),
  load: (id) =>
    id.startsWith('\0node:') ? `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(1))})` : undefined,
}
