// Discharges as the client of superfly/macaroon in Go fetches them: the one that is in flyctl.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { buildGoProgram, whatIsMissing } from '../interop/go-program.ts'
import { createOrganisation, mint, requireMembership, revoke, signUpInto, statusOf } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const missing = whatIsMissing()
const permission = 'https://api.fly.io/v1'

interface Held {
  readonly user_url?: string
  readonly header?: string
  readonly error?: string
  readonly needs: boolean
}

describe.skipIf(missing !== undefined)(`the Go client${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const { authority, ask, admin } = prepareAuthority()
  let folder: string
  let program: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallpass-go-'))
    program = buildGoProgram(folder)
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function organisation(demand: 'member' | 'login'): Promise<string> {
    const { slug } = await createOrganisation(ask, admin.token)
    await requireMembership(ask, admin.token, slug, demand)
    return slug
  }

  /** Lets the library fetch what the header needs, and hands over what it writes, line by line. */
  function hold(header: string, ...rest: readonly string[]): AsyncIterator<Held> {
    const child: ChildProcessWithoutNullStreams = spawn(program, ['hold', permission, ...rest])
    child.stdin.end(`${header}\n`)
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    return {
      async next() {
        const { value, done } = await lines.next()
        return done === true ? { value: undefined, done } : { value: JSON.parse(value) as Held, done: false }
      },
    }
  }

  async function holdAtOnce(header: string): Promise<Held> {
    const { value } = await hold(header).next()
    return value as Held
  }

  test('is given what is given at once, and the token works', async () => {
    const { token } = await mint(ask, admin.token, await organisation('member'))
    const { header = '', error, needs } = await holdAtOnce(token)
    expect({ error, needs }).toEqual({ error: undefined, needs: false })
    expect(await statusOf(ask, header)).toBe(200)
    // It sees that there is nothing left to fetch.
    expect(await holdAtOnce(header)).toMatchObject({ header, needs: false })
  })

  test('waits while a person confirms, and the token works', async () => {
    const { token } = await mint(ask, admin.token, await organisation('login'))
    const lines = hold(token, 'ask')
    const shown = (await lines.next()).value as Held
    const id = shown.user_url?.split('/').at(-1) ?? ''
    expect(shown.user_url).toBe(`${authority.url()}/discharge/${id}`)
    expect((await ask('POST', `/v1/discharges/${id}/approve`, { token: admin.token })).status).toBe(204)
    const { header = '', error } = (await lines.next()).value as Held
    expect(error).toBeUndefined()
    expect(await statusOf(ask, header)).toBe(200)
  })

  test('learns that the person refuses', async () => {
    const { token } = await mint(ask, admin.token, await organisation('login'))
    const lines = hold(token, 'ask')
    const shown = (await lines.next()).value as Held
    const id = shown.user_url?.split('/').at(-1) ?? ''
    expect((await ask('POST', `/v1/discharges/${id}/deny`, { token: admin.token })).status).toBe(204)
    expect((await lines.next()).value).toMatchObject({
      error: 'tp error (200): ada@example.com has refused this',
      needs: true,
    })
  })

  test('says that it takes a person where it has nobody to show the address to', async () => {
    const { token } = await mint(ask, admin.token, await organisation('login'))
    expect(await holdAtOnce(token)).toMatchObject({ error: 'missing user-url callback', needs: true })
  })

  test('repeats our sentence where there is nothing to be had', async () => {
    const slug = await organisation('member')
    const { token, id } = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, id)
    expect((await holdAtOnce(token)).error).toMatch(new RegExp(`^tp error \\(403\\): token ${id} is revoked since `))
    const member = await signUpInto(ask, admin.token, slug)
    const left = await mint(ask, member.token, slug)
    await ask('DELETE', `/v1/orgs/${slug}/members/${member.email}`, { token: admin.token })
    expect((await holdAtOnce(left.token)).error).toContain('tp error (403): ')
    expect((await holdAtOnce(left.token)).error).toContain('is no longer a member of organization')
  })
})
