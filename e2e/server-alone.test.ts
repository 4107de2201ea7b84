// The server's package as it is published: a few files that need no other package.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

import { expect, test } from 'vitest'

import { publishServer } from '../scripts/bundle-server.ts'

/** More pages than a startup waits for. It has damage in one that nothing else reads. */
const damageLargeDatabase = `
      const { DatabaseSync } = await import('node:sqlite')
      const { open, stat } = await import('node:fs/promises')
      const database = new DatabaseSync(path)
      database.exec('create table filler (content blob) strict')
      database.exec('with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000) insert into filler select zeroblob(4000) from n')
      database.close()
      const file = await open(path, 'r+')
      await file.write(Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor((await stat(path)).size / 8192) * 4096)
      await file.close()`

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
      await authority.close()
      const path = ${JSON.stringify(join(folder, 'data', 'hallpass.db'))}
      ${damageLargeDatabase}
      const damaged = await serve(${JSON.stringify(options)})
      console.log(answer.status, (await damaged.failed).code)
      await damaged.close()`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [said, logged, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
    // A thread finds the damage, which has a file of its own.
    expect(said, logged).toBe('200 database_damaged\n')
    expect(code).toBe(0)

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
