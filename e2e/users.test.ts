// `hallpass users`: accounts for the operator, on both databases, while the authority serves.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { overEachEngine } from '../packages/authority/src/store/testing/engines.ts'
import { arrive, type Place } from './hallpass.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { createOrganisation, invite, mint, signIn, signUpInto, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

overEachEngine((postgres) => {
  let place: Place
  beforeAll(async () => {
    place = await arrive()
  })
  afterAll(() => place.leave())
  const prepared = prepareAuthority(() => ({ databaseUrl: postgres()?.url }))
  const { authority, admin } = prepared
  const slug = prepareOrganisation(prepared)

  const users = (...args: string[]) => {
    const url = postgres()?.url
    const where = url === undefined ? ['--data', authority.directory] : ['--database-url', url]
    return place.runHere(['users', ...args, ...where])
  }

  test('lists them, and how their addresses are proven', async () => {
    const person = await signUpInto(authority.ask, admin.token, slug)
    const { code, stdout } = await users('list', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ email: admin.email, email_proven: true, email_proven_by: 'operator' }),
        expect.objectContaining({ email: person.email, email_proven: false, email_proven_by: null }),
      ]),
    )
    expect((await users('list')).stdout).toMatch(new RegExp(`${person.email} +nobody`))
  })

  test('resets one: all its logins end, and the link lets its owner in, once', async () => {
    const stranger = await signUpInto(authority.ask, admin.token, slug)
    const { email, password } = stranger
    const token = await mint(authority.ask, stranger.token, 'personal')
    // Locked out: the address has an account, and a genuine invitation does not help.
    const other = await createOrganisation(authority.ask, admin.token)
    const invitation = await invite(authority.ask, admin.token, other.slug, { email })
    const body = { email, password: 'the owner sets this', invitation }
    expectRefusal(await authority.ask('POST', '/v1/users', { body }), 409)

    const { code, stdout, stderr } = await users(
      'reset',
      email.toUpperCase(),
      '--yes',
      '--public-url',
      'https://h.example/',
    )
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^https:\/\/h\.example\/reset#[a-z0-9-]{35}\n$/)])
    expect(stderr).toContain(email)
    const login = await authority.ask('POST', '/v1/sessions', { body: { email, password } })
    expectRefusal(login, 401)
    // The server reads what another process wrote within a second.
    await expect.poll(() => statusOf(authority.ask, stranger.token), { interval: 20 }).toBe(401)

    const redeem = () =>
      authority.ask('POST', '/v1/password-resets/redeem', {
        body: { code: stdout.trim().split('#')[1], new_password: 'the owner sets this' },
      })
    expect(expectAnswer(routes.resetPassword, await redeem()).email).toBe(email)
    expectRefusal(await redeem(), 403)
    expect(await statusOf(authority.ask, token.token)).toBe(401)
    const owner = await signIn(authority.ask, { email, password: 'the owner sets this' })
    const me = await authority.ask('GET', '/v1/users/current', { token: owner.token })
    expect(expectAnswer(routes.showCurrentUser, me).email_proven).toBe(true)
    const own = await authority.ask('GET', '/v1/invitations', { token: owner.token })
    const { invitations } = expectAnswer(routes.listOwnInvitations, own)
    expect(invitations.map(({ org_name }) => org_name).sort()).toEqual(['Acme', other.name].sort())
  })

  test.each(['>&-', '>/dev/full', '>/dev/null', '| sleep 0'])(
    'says that the link is lost, where standard output is %s',
    async (redirection) => {
      const { email } = await signUpInto(authority.ask, admin.token, slug)
      const url = postgres()?.url
      const where = url === undefined ? `--data '${authority.directory}'` : `--database-url '${url}'`
      const { code, stderr } = await place.shell(`hallpass users reset ${email} --yes ${where} ${redirection}`, {})
      expect(code).toBe(1)
      expect(stderr).toContain(`every way into the account of ${email} has ended: reset it once more`)
    },
  )

  test('deletes one, asks first, and keeps the last admin of an organisation without --even-last-admin', async () => {
    const person = await signUpInto(authority.ask, admin.token, slug)
    const own = await createOrganisation(authority.ask, person.token)
    const unasked = await users('delete', person.email)
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    const refused = await users('delete', person.email, '--yes')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(own.slug)])
    expect(await statusOf(authority.ask, person.token)).toBe(200)
    const done = await users('delete', person.email, '--yes', '--even-last-admin')
    expect([done.code, done.stdout]).toEqual([0, `Deleted ${person.email}\n`])
    await expect.poll(() => statusOf(authority.ask, person.token), { interval: 20 }).toBe(401)
    expect((await users('delete', person.email, '--yes')).code).toBe(1)
    const trail = await authority.ask('GET', `/v1/orgs/${slug}/audit?limit=1`, { token: admin.token })
    expect(expectAnswer(routes.listAuditEvents, trail).events).toMatchObject([
      { operation: 'membership.remove', target: `member ${person.email}`, actor: { label: 'operator' } },
    ])
  })

  test('says where there is no account, and makes none', async () => {
    const { code, stderr } = await users('reset', 'nobody@example.com', '--yes')
    expect([code, stderr]).toEqual([1, expect.stringContaining('no account nobody@example.com')])
  })
})

test('where there is no authority, nothing is made', async () => {
  const place = await arrive()
  try {
    const { code, stderr } = await place.runHere(['users', 'list', '--data', './nothing'])
    expect(code).toBe(1)
    expect(stderr).toContain('nothing')
  } finally {
    await place.leave()
  }
})
