// Who has an address, and who only says so: sign-up with somebody else's address, and the owner who comes later.
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import {
  startProvider,
  wander,
  type TestProvider,
  type Wanderer,
} from '../packages/authority/src/identity/testing/openid-provider.ts'
import { partsOf } from '../packages/authority/src/mail/testing/smtp.ts'
import { startAuthority } from './authority.ts'
import { ownPage } from './browser.ts'
import { startingCliLogin } from './cli-login.ts'
import { refusalOf, takeTicket } from './discharges.ts'
import { freePort } from './free-port.ts'
import { expectAnswer, expectRefusal, type Ask } from './http.ts'
import { addPasskey } from './passkeys.ts'
import {
  createApp,
  createOrganisation,
  invite,
  inviteFully,
  mint,
  requireMembership,
  signIn,
  signInFounder,
  signUpInto,
  statusOf,
  unique,
  type Person,
} from './people.ts'
import { prepareAuthority, prepareMailServer, mailThrough } from './prepare.ts'

let origin: string
let provider: TestProvider
const smtp = prepareMailServer()
const { authority, ask, admin } = prepareAuthority(async () => {
  const port = await freePort()
  origin = `http://localhost:${port}`
  provider = await startProvider(`${origin}/web/oidc/callback`)
  const { issuer, clientId, clientSecret } = provider
  return { publicUrl: origin, oidc: { issuer, clientId, clientSecret }, ...mailThrough(smtp), port }
})
afterAll(() => provider.close())
// The requests of one test must not count for the limits of another.
beforeEach(async () => {
  await authority.restart()
  Object.assign(admin, await signInFounder(ask))
})

const isOurs = (url: URL) => url.origin === origin && !url.pathname.startsWith('/web/')

async function logInAtProvider(email: string): Promise<Wanderer> {
  provider.logIn({ sub: `sub of ${email}`, email, email_verified: true })
  const browser = wander()
  const url = await browser.follow(`${origin}/web/oidc/start?return_to=/orgs`, isOurs)
  expect(url.pathname).toBe('/orgs')
  return browser
}

const headersOf = (browser: Wanderer) => ({ ...ownPage, cookie: browser.cookies(new URL(origin).host) })

/** The code of the newest mail to the address, once there are `count` of them. */
async function mailedCode(email: string, count = 1): Promise<string> {
  const mails = () => smtp.received.filter(({ to }) => to.includes(email))
  await expect.poll(() => mails().length, { interval: 10 }).toBe(count)
  const mail = mails().at(-1)
  const text = mail === undefined ? '' : partsOf(mail).get('text/plain')
  return /#([a-z0-9-]+)/.exec(text ?? '')?.[1] ?? ''
}

const askForReset = (email: string, from: Ask = ask) => from('POST', '/v1/password-resets', { body: { email } })
const reset = (code: string, new_password = 'the owner sets this one') =>
  ask('POST', '/v1/password-resets/redeem', { body: { code, new_password } })

async function membersOf(slug: string) {
  return expectAnswer(routes.showOrganisation, await ask('GET', `/v1/orgs/${slug}`, { token: admin.token })).members
}

interface Squat {
  readonly stranger: Person
  /** All that opens the account, by what it is. */
  readonly ways: Readonly<Record<string, () => Promise<number>>>
  readonly personalToken: string
  readonly demanding: { readonly slug: string; readonly token: string }
  readonly founded: string
}

/** A stranger signs up with an address that is not theirs, with a code that they have seen themselves. */
async function squat(): Promise<Squat> {
  const { slug } = await createOrganisation(ask, admin.token)
  const stranger = await signUpInto(ask, admin.token, slug, { name: unique('owner') })
  const { email, password } = stranger
  const second = await signIn(ask, stranger)
  const { authenticator } = await addPasskey(ask, origin, stranger.token)
  const started = startingCliLogin()
  const begun = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body: started.body }))
  const approval = await ask('POST', `/v1/cli-logins/${begun.id}/approve`, { token: stranger.token })
  const { code } = expectAnswer(routes.approveCliLogin, approval)
  const founded = await createOrganisation(ask, stranger.token)
  const demanding = await createOrganisation(ask, admin.token)
  await ask('POST', '/v1/invitations/accept', {
    token: stranger.token,
    body: { invitation: await invite(ask, admin.token, demanding.slug, { email }) },
  })
  await requireMembership(ask, admin.token, demanding.slug, 'member')
  return {
    stranger,
    ways: {
      session: () => statusOf(ask, stranger.token),
      'second session': () => statusOf(ask, second.token),
      password: async () => (await ask('POST', '/v1/sessions', { body: { email, password } })).status,
      async passkey() {
        const options = await ask('POST', '/v1/sessions/passkey-options')
        const ceremony = expectAnswer(routes.beginPasskeySignIn, options)
        const response = authenticator.get(ceremony.options)
        const body = { challenge_id: ceremony.challenge_id, response }
        return (await ask('POST', '/v1/sessions/passkey', { body })).status
      },
      'approved command line': async () =>
        (await ask('POST', `/v1/cli-logins/${begun.id}/redeem`, { body: { code, code_verifier: started.verifier } }))
          .status,
    },
    personalToken: (await mint(ask, stranger.token, 'personal')).token,
    demanding: { slug: demanding.slug, token: (await mint(ask, stranger.token, demanding.slug)).token },
    founded: founded.slug,
  }
}

async function statusesOf({ ways }: Squat): Promise<Readonly<Record<string, number>>> {
  const statuses: Record<string, number> = {}
  for (const [name, tryIt] of Object.entries(ways)) statuses[name] = await tryIt()
  return statuses
}

const allShut = {
  session: 401,
  'second session': 401,
  password: 401,
  passkey: 401,
  'approved command line': 404,
}

describe('an account that a stranger made with somebody else’s address', () => {
  const proofs: Readonly<Record<string, (squatted: Squat) => Promise<Readonly<Record<string, unknown>>>>> = {
    async 'a login at the provider'({ stranger }) {
      const headers = headersOf(await logInAtProvider(stranger.email))
      return { headers }
    },
    async 'a reset by mail'({ stranger: { email } }) {
      expect((await askForReset(email)).status).toBe(202)
      expect(expectAnswer(routes.resetPassword, await reset(await mailedCode(email, 3))).email).toBe(email)
      return { token: (await signIn(ask, { email, password: 'the owner sets this one' })).token }
    },
    async 'an invitation by mail'({ stranger: { email } }) {
      const { slug } = await createOrganisation(ask, admin.token)
      await invite(ask, admin.token, slug, { email })
      const code = await mailedCode(email, 3)
      const preview = await ask('POST', '/v1/invitations/preview', { body: { invitation: code } })
      expect(expectAnswer(routes.previewInvitation, preview).has_account).toBe(false)
      const body = { email, password: 'the owner sets this one', invitation: code }
      const answer = expectAnswer(routes.signUp, await ask('POST', '/v1/users', { body }))
      expect((await membersOf(slug)).find((member) => member.email === email)?.email_proven).toBe(true)
      return { token: answer.access_token }
    },
  }

  test.each(Object.keys(proofs))('is the owner’s with the first proof: %s', async (how) => {
    const squatted = await squat()
    const { email } = squatted.stranger
    expect(await statusOf(ask, squatted.personalToken)).toBe(200)
    const asOwner = (await proofs[how]?.(squatted)) ?? {}
    expect(await statusesOf(squatted)).toEqual(allShut)

    const me = expectAnswer(routes.showCurrentUser, await ask('GET', '/v1/users/current', asOwner))
    expect(me).toMatchObject({ email, email_proven: true })
    const passkeys = expectAnswer(routes.listPasskeys, await ask('GET', '/v1/passkeys', asOwner))
    expect(passkeys.passkeys).toEqual([])
    // Nothing that the stranger did goes on as the owner's: neither what controls the owner's apps, nor what they belong to.
    expect(await statusOf(ask, squatted.personalToken)).toBe(401)
    const { orgs } = expectAnswer(routes.listOrganisations, await ask('GET', '/v1/orgs', asOwner))
    expect(orgs.map(({ raw_slug }) => raw_slug)).not.toContain(squatted.founded)
    expect((await membersOf(squatted.demanding.slug)).map((member) => member.email)).not.toContain(email)
    const [event] = authority.inspect((database) =>
      database
        .prepare(`select target, actor_label from audit_events where operation = 'user.take_over' order by id desc`)
        .all(),
    )
    expect(event).toMatchObject({ target: expect.stringContaining(`user ${email}, proven by `) as string })
  })

  test('gives the owner back what it belonged to, when they ask for it', async () => {
    const squatted = await squat()
    const { email } = squatted.stranger
    const headers = headersOf(await logInAtProvider(email))
    const { invitations } = expectAnswer(routes.listOwnInvitations, await ask('GET', '/v1/invitations', { headers }))
    expect(invitations).toHaveLength(3)
    for (const { created_by, created_by_proven } of invitations) {
      expect({ created_by, created_by_proven }).toEqual({ created_by: null, created_by_proven: false })
    }
    for (const { id } of invitations) {
      expectAnswer(routes.acceptOwnInvitation, await ask('POST', `/v1/invitations/${id}/accept`, { headers }))
    }
    const { orgs } = expectAnswer(routes.listOrganisations, await ask('GET', '/v1/orgs', { headers }))
    expect(orgs.find(({ raw_slug }) => raw_slug === squatted.founded)?.role).toBe('admin')
    // What was made before is not the owner's because they are back: it gets no discharge in their name either.
    const { slug, token } = squatted.demanding
    expect(refusalOf(await takeTicket(ask, token), 403)).toContain('was made before its person')
    const list = await ask('GET', `/v1/orgs/${slug}/tokens`, { token: admin.token })
    expect(expectAnswer(routes.listOrganisationTokens, list).tokens).toMatchObject([
      { created_by: email, created_by_proven: false },
    ])
    const made = expectAnswer(routes.createToken, await ask('POST', `/v1/orgs/${slug}/tokens`, { headers, body: {} }))
    expect(made.created_by_proven).toBe(true)
  })

  test('is shown as unproven everywhere', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const stranger = await signUpInto(ask, admin.token, slug, { role: 'admin' })
    const me = expectAnswer(routes.showCurrentUser, await ask('GET', '/v1/users/current', { token: stranger.token }))
    expect(me.email_proven).toBe(false)
    const members = await membersOf(slug)
    expect(Object.fromEntries(members.map(({ email, email_proven }) => [email, email_proven]))).toEqual({
      [admin.email]: true,
      [stranger.email]: false,
    })
    expect((await mint(ask, stranger.token, slug)).created_by_proven).toBe(false)
    const invited = await inviteFully(ask, stranger.token, slug, { email: `${unique('new')}@example.com` })
    const preview = await ask('POST', '/v1/invitations/preview', { body: { invitation: invited.code } })
    expect(expectAnswer(routes.previewInvitation, preview)).toMatchObject({
      invited_by: stranger.email,
      invited_by_proven: false,
    })
    const mail = smtp.received.find(({ to }) => to.includes(invited.email))
    expect(mail && partsOf(mail).get('text/plain')).toContain(`${stranger.email} (unproven) invites you`)
    const pending = await ask('GET', `/v1/orgs/${slug}/invitations`, { token: admin.token })
    expect(expectAnswer(routes.listInvitations, pending).invitations).toMatchObject([
      { created_by: stranger.email, created_by_proven: false },
    ])
    const trail = await ask('GET', `/v1/orgs/${slug}/audit?limit=1`, { token: admin.token })
    expect(expectAnswer(routes.listAuditEvents, trail).events).toMatchObject([
      { operation: 'membership.invite', actor: { label: `${stranger.email} (unproven)` } },
    ])
    // What `fly orgs show` and `fly tokens list` print.
    const query = `{ organization(slug: "${slug}") {
      members { nodes { name email } } limitedAccessTokens { nodes { user { email } } } } }`
    const printed = await ask('POST', '/graphql', { token: admin.token, body: { query } })
    expect(printed.body).toMatchObject({
      data: {
        organization: {
          members: { nodes: expect.arrayContaining([{ name: '(unproven)', email: stranger.email }]) },
          limitedAccessTokens: { nodes: [{ user: { email: `${stranger.email} (unproven)` } }] },
        },
      },
    })
    expect(JSON.stringify(printed.body)).toContain(JSON.stringify({ name: null, email: admin.email }))
  })

  test('accepts nothing without a code, and sees nothing that its address is invited to', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const stranger = await signUpInto(ask, admin.token, slug)
    const other = await createOrganisation(ask, admin.token)
    const { id } = await inviteFully(ask, admin.token, other.slug, { email: stranger.email, role: 'admin' })
    const { token } = stranger
    const listed = expectAnswer(routes.listOwnInvitations, await ask('GET', '/v1/invitations', { token }))
    expect(listed.invitations).toEqual([])
    expectRefusal(await ask('POST', `/v1/invitations/${id}/accept`, { token }), 403)
    expectRefusal(await ask('DELETE', `/v1/invitations/${id}`, { token }), 403)
  })

  test('is not proven by a code that its inviter has seen, nor by one of a mail that is used after logging in', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const stranger = await signUpInto(ask, admin.token, slug)
    const other = await createOrganisation(ask, admin.token)
    const seen = await invite(ask, admin.token, other.slug, { email: stranger.email })
    const body = { email: stranger.email, password: 'a password of theirs', invitation: seen }
    expectRefusal(await ask('POST', '/v1/users', { body }), 409)
    const mailed = await mailedCode(stranger.email, 2)
    const { token } = stranger
    expect((await ask('POST', '/v1/invitations/accept', { token, body: { invitation: mailed } })).status).toBe(200)
    const me = expectAnswer(routes.showCurrentUser, await ask('GET', '/v1/users/current', { token }))
    expect(me.email_proven).toBe(false)
  })

  test('cannot log in with a password that was tried while the owner proved the address', async () => {
    const squatted = await squat()
    const { email, password } = squatted.stranger
    const logins = Array.from({ length: 8 }, () => ask('POST', '/v1/sessions', { body: { email, password } }))
    await logInAtProvider(email)
    for (const answer of await Promise.all(logins)) {
      if (answer.status !== 201) continue
      expect(await statusOf(ask, expectAnswer(routes.signIn, answer).access_token)).toBe(401)
    }
  })

  test('made before accounts knew of proofs, and linked at the provider since, is taken over by the next login', async () => {
    const squatted = await squat()
    const { email } = squatted.stranger
    await authority.restart((database) => {
      database
        .prepare(
          `insert into identities (issuer, subject, user_id, created_at)
           select ?, ?, id, created_at + 5 from users where email = ?`,
        )
        .run(provider.issuer, `sub of ${email}`, email)
    })
    await logInAtProvider(email)
    expect(await statusesOf(squatted)).toEqual(allShut)
    await logInAtProvider(email)
  })
})

describe('a new password by mail', () => {
  test('comes with a link that works once, and ends every login and passkey', async () => {
    const squatted = await squat()
    const { email } = squatted.stranger
    await askForReset(email)
    const code = await mailedCode(email, 3)
    await askForReset(email)
    const another = await mailedCode(email, 4)
    expect(expectAnswer(routes.resetPassword, await reset(code)).email).toBe(email)
    expect(await statusesOf(squatted)).toEqual(allShut)
    for (const used of [code, another]) expectRefusal(await reset(used, 'one more password'), 403)
    const person = await signIn(ask, { email, password: 'the owner sets this one' })
    // Of a proven account too, and then it belongs on to where it belonged.
    const { slug } = await createOrganisation(ask, person.token)
    await askForReset(email)
    await reset(await mailedCode(email, 5), 'yet another password')
    expect(await statusOf(ask, person.token)).toBe(401)
    const again = await signIn(ask, { email, password: 'yet another password' })
    const { orgs } = expectAnswer(routes.listOrganisations, await ask('GET', '/v1/orgs', { token: again.token }))
    expect(orgs.map(({ raw_slug }) => raw_slug)).toContain(slug)
  })

  test('is asked for with the same answer for any address, and limited for each', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const { email } = await signUpInto(ask, admin.token, slug)
    const answersOf = async (address: string) => {
      const answers = []
      for (let count = 0; count < 7; count += 1) {
        const { status, body } = await askForReset(address)
        answers.push([status, (body as { code?: string } | undefined)?.code])
      }
      return answers
    }
    const known = await answersOf(email)
    expect(await answersOf(`${unique('nobody')}@example.com`)).toEqual(known)
    expect(known.map(([status]) => status)).toEqual([202, 202, 202, 202, 202, 429, 429])
    // The invitation, and the five.
    await mailedCode(email, 6)
  })

  test('ends after an hour, and needs a password that is one', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const { email } = await signUpInto(ask, admin.token, slug)
    await askForReset(email)
    const code = await mailedCode(email, 2)
    expectRefusal(await reset(code, 'short'), 400)
    await authority.restart((database) => {
      database.exec(`update password_resets set expires_at = ${Date.now() - 1}`)
    })
    expectRefusal(await reset(code), 403)
    expectRefusal(await reset('abcdefgh-abcdefgh-abcdefgh-abcdefgh'), 403)
  })

  test('is not to be had where no mail is sent, and the answer says who helps', async () => {
    const quiet = await startAuthority()
    try {
      const answer = expectRefusal(await askForReset('ada@example.com', quiet.ask), 409)
      expect(answer.message).toContain('hallpass users reset')
    } finally {
      await quiet.close()
    }
  })
})

describe('a person', () => {
  const deleteAccount = (token: string) => ask('DELETE', '/v1/users/current', { token })

  test('deletes their account with what is theirs alone; what they made for others stays', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const person = await signUpInto(ask, admin.token, slug, { role: 'admin' })
    await createApp(ask, person.token, 'personal')
    const personal = await mint(ask, person.token, 'personal')
    const shared = await mint(ask, person.token, slug)
    const code = await invite(ask, person.token, slug, { email: `${unique('new')}@example.com` })
    expect((await deleteAccount(person.token)).status).toBe(204)
    expect(await statusOf(ask, person.token)).toBe(401)
    expect(await statusOf(ask, personal.token)).toBe(401)
    expect(await statusOf(ask, shared.token)).toBe(200)
    expectRefusal(await ask('POST', '/v1/invitations/preview', { body: { invitation: code } }), 403)
    expect((await membersOf(slug)).map(({ email }) => email)).toEqual([admin.email])
    const list = await ask('GET', `/v1/orgs/${slug}/tokens`, { token: admin.token })
    expect(expectAnswer(routes.listOrganisationTokens, list).tokens).toMatchObject([
      { id: shared.id, created_by: null, created_by_proven: false },
    ])
    // The address is free, and its next account is another person.
    const again = await signUpInto(ask, admin.token, slug, { name: person.email.split('@')[0] ?? '' })
    const { orgs } = expectAnswer(routes.listOrganisations, await ask('GET', '/v1/orgs', { token: again.token }))
    expect(orgs.map(({ raw_slug }) => raw_slug)).not.toContain(personal.org_slug)
  })

  test('stays while they are the last admin of a shared organisation, which the error names', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const person = await signUpInto(ask, admin.token, slug)
    const own = await createOrganisation(ask, person.token)
    expect(expectRefusal(await deleteAccount(person.token), 409).message).toContain(own.slug)
    await ask('DELETE', `/v1/orgs/${own.slug}`, { token: person.token })
    expect((await deleteAccount(person.token)).status).toBe(204)
  })

  test('proves that it is them: a session that is old deletes nothing', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const person = await signUpInto(ask, admin.token, slug)
    await authority.restart((database) => {
      database.exec(`update sessions set proven_at = proven_at - 660000`)
    })
    const answer = await deleteAccount(person.token)
    expect([answer.status, (answer.body as { code?: string }).code]).toEqual([403, 'proof_needed'])
  })
})
