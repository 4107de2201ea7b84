// Makes the server in few files, as it is published and, with more programs, for tests: it starts in half the time of its
// thousand modules.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { rolldown, type OutputOptions, type Plugin } from 'rolldown'

import { builtins } from './builtins.ts'

const published = {
  main: new URL('../packages/authority/src/main.ts', import.meta.url),
  // A thread and a process find these by their names.
  'keeper-main': new URL('../packages/engine/src/local/keeper-main.ts', import.meta.url),
  'sqlite-check': new URL('../packages/authority/src/store/sqlite-check.ts', import.meta.url),
}
const killedByTests = {
  'serve-child': new URL('../e2e/serve-child.ts', import.meta.url),
  'machine-child': new URL('../e2e/machine-child.ts', import.meta.url),
  upgrading: new URL('../packages/authority/src/store/testing/upgrading.ts', import.meta.url),
  'acknowledging-writer': new URL('../packages/authority/src/store/testing/acknowledging-writer.ts', import.meta.url),
}

/** Puts the package of the server into this directory, and beside it the programs that tests kill. */
export async function bundleServer(directory: string): Promise<void> {
  await write({ ...published, ...killedByTests }, { dir: directory })
  const manifest = { name: '@hallpass/authority', type: 'module', exports: './main.js' }
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
}

/**
 * Puts the server into this directory as it is published, with the packages that it uses and their licenses. Names stay, as
 * traces of errors show them.
 */
export async function publishServer(directory: string): Promise<void> {
  const minify = { compress: false, mangle: false, codegen: { removeWhitespace: true } }
  const packages = await write(published, { dir: directory, minify })
  const notices = [...packages].sort().map((folder) => noticeOf(folder))
  writeFileSync(join(directory, 'THIRD-PARTY-LICENSES'), notices.join('\n\n'))
}

/** Returns the folders of the packages that are in it. */
async function write(entries: Readonly<Record<string, URL>>, options: OutputOptions): Promise<ReadonlySet<string>> {
  const bundle = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, { pathname }]) => [name, pathname])),
    platform: 'node',
    external: ['pg-native'],
    plugins: [builtins, leaveOut],
    logLevel: 'warn',
  })
  // A text that has other characters takes two bytes of memory for each.
  const { output } = await bundle.write({ ...options, format: 'esm', charset: 'ascii' })
  await bundle.close()
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  return new Set(modules.flatMap((module) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0] ?? []))
}

/** Replaces packages that Fastify and its plugins ask for, and that nothing of ours makes them use: a quarter of the text. */
const leaveOut: Plugin = {
  name: 'leave-out',
  resolveId: {
    filter: { id: /^(?:@fastify\/ajv-compiler|@fastify\/fast-json-stringify-compiler|light-my-request|glob)$/ },
    handler: (name) => `\0left-out:${name}`,
  },
  load: {
    filter: { id: /^\0left-out:/ },
    handler: (name) => `export function glob() { throw new Error(${JSON.stringify(`${name.slice(10)} is left out`)}) }`,
  },
}

/** The name, the version and the license of a package; fails for one that comes without its text. */
function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const files = readdirSync(folder)
  const file = files.find((entry) => /^(?:license|licence|copying)(?:\.|$)/i.test(entry))
  const readme = files.find((entry) => /^readme\.md$/i.test(entry))
  const text =
    file !== undefined
      ? readFileSync(join(folder, file), 'utf8')
      : readme === undefined
        ? undefined
        : /^#+ *licen[cs]e\b[^\n]*\n(.*)/ims.exec(readFileSync(join(folder, readme), 'utf8'))?.[1]
  if (text === undefined && !withoutText.has(name)) throw new Error(`${name} comes without the text of its license`)
  return `${name} ${version} (${license})\n\n${(text ?? '').trim()}\n`
}

/** Packages of which nobody has published the text of the license. */
const withoutText: ReadonlySet<string> = new Set(['abstract-logging'])

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
}
