// The packages for services as they are built, under the oldest Node that they promise to run on.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createVerifier } from '../packages/authority/src/main.ts'
import { libraryManifest } from '../scripts/manifest.ts'
import { startAuthority } from './authority.ts'
import { createOrganisation, mint, revoke, signInFounder } from './people.ts'

const root = resolve(import.meta.dirname, '..')
const oldNode = findOldNode()
if (oldNode === undefined)
  process.stderr.write('skipped: no Node 20 or 22 is installed, so the build is not tried under one\n')

/** A Node that is older than ours and as old as the package allows; some of what is new in ours is not there. */
function findOldNode(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin']
  const found = folders.map((folder) => join(folder, 'node')).filter(existsSync)
  return found.find((node) => /^v2[0-3]\./.test(execFileSync(node, ['--version'], { encoding: 'utf8' })))
}

describe.skipIf(oldNode === undefined)('under an old Node', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallpass-old-node-'))
    for (const name of ['macaroon', 'client', 'guard']) {
      const installed = join(folder, 'node_modules/@hallpass', name)
      mkdirSync(installed, { recursive: true })
      const compile = [
        '--noCheck',
        '-p',
        `packages/${name}`,
        '--outDir',
        installed,
        '--tsBuildInfoFile',
        join(folder, name),
      ]
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...compile], { cwd: root })
      writeFileSync(join(installed, 'package.json'), JSON.stringify(libraryManifest(name)))
    }
    // Without zod: neither a guard nor the client needs it when they run.
    symlinkSync(join(root, 'node_modules/@noble'), join(folder, 'node_modules/@noble'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** What a module prints there, line by line. */
  function run(code: string): string[] {
    const file = join(folder, 'module.mjs')
    writeFileSync(file, code)
    return execFileSync(oldNode ?? '', [file], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
  }

  const readme = readFileSync(join(root, 'packages/macaroon/README.md'), 'utf8')
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)

  test('all examples of the README print what they say', () => {
    expect(examples).toHaveLength(10)
    for (const code of examples) {
      const said = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, comment]) => comment)
      expect(said.length).toBeGreaterThan(0)
      expect(run(code)).toEqual(said)
    }
  })

  test('both kernels, and base64 without the help of the engine, come to the same', () => {
    const code = `
      import { attenuate, clearBundle, formatAuthorization, mintMacaroon, parseBundle, verifyBundle } from '@hallpass/macaroon'
      const location = 'https://api.fly.io/v1'
      const key = new Uint8Array(32).fill(7)
      const caveats = [{ type: 'Organization', id: 12n, mask: 31 }]
      const input = { kid: new Uint8Array([1]), rnd: new Uint8Array(16), location, key, caveats }
      const narrowed = attenuate(mintMacaroon(input), [{ type: 'Commands', commands: [{ args: ['ls', 'é'], exact: true }] }])
      const header = formatAuthorization([mintMacaroon(input).bytes, narrowed.bytes])
      const damaged = header.replace(/.=*$/, '!')
      console.log(header)
      const { verified } = verifyBundle(parseBundle(header, { location }), () => key)
      console.log(verified.length, verifyBundle(parseBundle(header, { location }), () => new Uint8Array(32)).verified.length)
      console.log(clearBundle({ verified, refused: [] }, [{ orgId: 12n, action: 1, now: 0 }]).allowed)
      console.log(parseBundle(damaged, { location }).leftOut.map(({ error }) => error.message).join())
    `
    const withoutWasm = `delete globalThis.WebAssembly\n`
    const lines = run(code)
    expect(lines.slice(1)).toEqual([
      '2 0',
      'true',
      expect.stringMatching(/^The base64 of token 2: character \d+ does not belong to standard base64$/),
    ])
    // Imports run first, so the code that forbids WebAssembly must be a module of its own.
    writeFileSync(join(folder, 'forbid.mjs'), withoutWasm)
    expect(run(`import './forbid.mjs'\n${code}`)).toEqual(lines)
    const imported = code.replaceAll(
      "'@hallpass/macaroon'",
      JSON.stringify(join(root, 'packages/macaroon/src/index.ts')),
    )
    const file = join(folder, 'ours.mjs')
    writeFileSync(file, imported)
    expect(execFileSync(process.execPath, [file], { encoding: 'utf8' }).trimEnd().split('\n')).toEqual(lines)
  })

  test('a guard asks, remembers, and hears of a revocation', async () => {
    const authority = await startAuthority()
    try {
      const { ask } = authority
      const { token: admin } = await signInFounder(ask)
      const { slug } = await createOrganisation(ask, admin)
      const { token, id } = await mint(ask, admin, slug)
      const { secret } = await createVerifier({ dataDirectory: authority.directory, name: 'old', now: Date.now() })
      const file = join(folder, 'guard.mjs')
      const options = { authority: authority.url(), credential: secret.reveal() }
      writeFileSync(
        file,
        `
        import { createGuard } from '@hallpass/guard'
        const guard = createGuard(${JSON.stringify(options)})
        const allow = () => guard.allow(${JSON.stringify(token)}, { org_slug: ${JSON.stringify(slug)}, action: 'r' })
        await guard.ready()
        console.log((await allow()).allowed, allow() instanceof Promise)
        while ((await allow()).allowed) await new Promise((resolve) => setTimeout(resolve, 10))
        console.log((await allow()).status)
        guard.close()
      `,
      )
      const running = promisify(execFile)(oldNode ?? '', [file])
      running.child.stdout?.once('data', () => void revoke(ask, admin, id))
      expect((await running).stdout).toBe('true false\n401\n')
    } finally {
      await authority.close()
    }
  })
})
