// The server's package as it is published: a few files that need no other package.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { expect, test } from 'vitest'

import { publishServer } from '../scripts/bundle-server.ts'

test('serves from its own files alone, and names the packages that are in them', async () => {
  // No node_modules is above it.
  const folder = await mkdtemp(join(tmpdir(), 'hallpass-server-'))
  try {
    await publishServer(folder)
    const options = { dataDirectory: join(folder, 'data'), listen: { host: '127.0.0.1', port: 0 }, logLevel: 'warn' }
    const program = `
      import { serve } from ${JSON.stringify(pathToFileURL(join(folder, 'main.js')).href)}
      const authority = await serve(${JSON.stringify(options)})
      const answer = await fetch(authority.url + '/readyz')
      console.log(answer.status)
      await authority.close()`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [[status], ended] = await Promise.all([once(child.stdout.setEncoding('utf8'), 'data'), once(child, 'close')])
    expect(status).toBe('200\n')
    expect(ended).toEqual([0, null])

    const source = resolve(import.meta.dirname, '../packages/authority/package.json')
    const { dependencies } = JSON.parse(await readFile(source, 'utf8')) as { dependencies: Record<string, string> }
    const notices = await readFile(join(folder, 'THIRD-PARTY-LICENSES'), 'utf8')
    for (const [name, version] of Object.entries(dependencies)) {
      if (!name.startsWith('@hallpass/')) expect(notices).toMatch(new RegExp(`^${name} ${version} \\(`, 'm'))
    }
    expect(notices).not.toMatch(/^(?:ajv|light-my-request|glob) /m)

    // Any other character in a file would double the memory that its text takes.
    const codes = (await readdir(folder)).filter((name) => name.endsWith('.js'))
    const texts = await Promise.all(codes.map((name) => readFile(join(folder, name))))
    expect(codes.filter((_, at) => texts[at]?.some((byte) => byte > 0x7f))).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
