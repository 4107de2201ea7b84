// Invitations as links: handed over by hand, mailed through a real SMTP server, listed, withdrawn, and looked at by
// their holders.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { headersOf, partsOf, startSmtpServer } from '../packages/authority/src/mail/testing/smtp.ts'
import { startAuthority } from './authority.ts'
import { expectAnswer, expectRefusal, type Ask } from './http.ts'
import { createOrganisation, invite, inviteFully, mint, signInFounder, signUpInto, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation, prepareMailServer, mailThrough } from './prepare.ts'

const smtp = prepareMailServer()
const prepared = prepareAuthority(() => mailThrough(smtp))
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

const preview = (invitation: string, from: Ask = ask) =>
  from('POST', '/v1/invitations/preview', { body: { invitation } })
const withdraw = (token: string, id: number | string, organisation = slug) =>
  ask('DELETE', `/v1/orgs/${organisation}/invitations/${id}`, { token })
const signUp = (email: string, invitation: string) =>
  ask('POST', '/v1/users', { body: { email, password: 'a long enough password', invitation } })
const newAddress = () => `${unique('new')}@example.com`

async function pending(token = admin.token, organisation = slug) {
  const answer = await ask('GET', `/v1/orgs/${organisation}/invitations`, { token })
  return expectAnswer(routes.listInvitations, answer).invitations
}

describe('a link', () => {
  test('comes with every invitation, and carries the code where browsers send it to nobody', async () => {
    const invited = await inviteFully(ask, admin.token, slug, { email: newAddress() })
    expect(invited.url).toBe(`${authority.url()}/invite#${invited.code}`)
  })

  test('says to its holder what it is to, and whether to log in or to sign up', async () => {
    const email = newAddress()
    const { code, expires_at } = await inviteFully(ask, admin.token, slug, { email, role: 'admin' })
    const invited_by = { invited_by: admin.email, invited_by_proven: true }
    const expected = { org_name: 'Acme', email, role: 'admin', expires_at, ...invited_by }
    expect(expectAnswer(routes.previewInvitation, await preview(code))).toEqual({ ...expected, has_account: false })
    await signUpInto(ask, admin.token, (await createOrganisation(ask, admin.token)).slug, {
      name: email.split('@')[0] ?? '',
    })
    expect(expectAnswer(routes.previewInvitation, await preview(code))).toEqual({ ...expected, has_account: true })
    // Looking uses nothing up.
    expect((await pending()).map((one) => one.email)).toContain(email)
  })

  test('that is unknown, used or withdrawn gets the same answer, and nothing else', async () => {
    const email = newAddress()
    const used = await invite(ask, admin.token, slug, { email })
    await ask('POST', '/v1/users', { body: { email, password: 'a long enough password', invitation: used } })
    const withdrawn = await inviteFully(ask, admin.token, slug, { email: newAddress() })
    expect((await withdraw(admin.token, withdrawn.id)).status).toBe(204)
    const answers = [
      await preview('abcdefgh-abcdefgh-abcdefgh-abcdefgh'),
      await preview(used),
      await preview(withdrawn.code),
    ].map((answer) => ({ ...expectRefusal(answer, 403), request_id: '' }))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]?.message).not.toContain('Acme')
  })

  test('can be asked about so often from one address, and no more', async () => {
    const quiet = await startAuthority()
    try {
      const statuses: number[] = []
      for (let count = 0; count < 130; count += 1) {
        statuses.push((await preview('abcdefgh-abcdefgh-abcdefgh-abcdefgh', quiet.ask)).status)
      }
      expect(statuses.indexOf(429)).toBe(120)
      const refused = await preview('abcdefgh-abcdefgh-abcdefgh-abcdefgh', quiet.ask)
      expect(expectRefusal(refused, 429).code).toBe('rate_limited')
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    } finally {
      await quiet.close()
    }
  })
})

describe('the list', () => {
  test('holds what is open, for everyone who belongs, and no code', async () => {
    const { slug: fresh } = await createOrganisation(ask, admin.token, 'Fresh')
    const member = await signUpInto(ask, admin.token, fresh)
    const first = await inviteFully(ask, admin.token, fresh, { email: newAddress() })
    const second = await inviteFully(ask, admin.token, fresh, { email: newAddress(), role: 'admin' })
    const listed = await pending(member.token, fresh)
    expect(listed).toMatchObject([
      { id: second.id, email: second.email, role: 'admin', created_by: admin.email },
      { id: first.id, email: first.email, role: 'member', created_by: admin.email },
    ])
    const text = JSON.stringify(listed)
    for (const { code } of [first, second]) expect(text).not.toContain(code)
    expect((await pending(admin.token, slug)).map(({ id }) => id)).not.toContain(first.id)
  })

  test('holds one for an address: a new one takes the place of the earlier, and says so', async () => {
    const { slug: fresh } = await createOrganisation(ask, admin.token)
    const email = newAddress()
    const first = await inviteFully(ask, admin.token, fresh, { email, role: 'admin' })
    expect(first.replaced).toBe(false)
    const second = await inviteFully(ask, admin.token, fresh, { email: email.toUpperCase() })
    expect(second.replaced).toBe(true)
    expect(await pending(admin.token, fresh)).toMatchObject([{ id: second.id, role: 'member' }])
    expectRefusal(await preview(first.code), 403)
    expectRefusal(await signUp(email, first.code), 403)
    expect((await signUp(email, second.code)).status).toBe(201)
    expect(await pending(admin.token, fresh)).toEqual([])
  })
})

describe('withdrawing', () => {
  test('ends the code, once, and stands in the audit trail', async () => {
    const email = newAddress()
    const { id, code } = await inviteFully(ask, admin.token, slug, { email })
    expect((await withdraw(admin.token, id)).status).toBe(204)
    expectRefusal(
      await ask('POST', '/v1/users', { body: { email, password: 'a long enough password', invitation: code } }),
      403,
    )
    expectRefusal(await withdraw(admin.token, id), 404)
    const { events } = expectAnswer(
      routes.listAuditEvents,
      await ask('GET', `/v1/orgs/${slug}/audit?limit=1`, { token: admin.token }),
    )
    expect(events).toMatchObject([
      { operation: 'membership.withdraw', outcome: 'allowed', target: `invitation of ${email}` },
    ])
  })

  test('is for admins of that organisation, and shows others nothing', async () => {
    const member = await signUpInto(ask, admin.token, slug)
    const { id } = await inviteFully(ask, admin.token, slug, { email: newAddress() })
    const { token } = await mint(ask, admin.token, slug)
    for (const credential of [member.token, token]) {
      const known = expectRefusal(await withdraw(credential, id), 403)
      const unknown = expectRefusal(await withdraw(credential, 999_999), 403)
      expect(known.message).toBe(unknown.message)
    }
    const { slug: other } = await createOrganisation(ask, admin.token)
    for (const odd of [id, 'x', '-1', `${id}.0`, `0${id}`, '9'.repeat(30)]) {
      expectRefusal(await withdraw(admin.token, odd, other), 404)
    }
    expect((await pending()).map((one) => one.id)).toContain(id)
  })
})

describe('mail', () => {
  test('brings the link, with names as text', async () => {
    const name = '<b>Acme</b> & "Söhne" \u200b'
    const { slug: strange } = await createOrganisation(ask, admin.token, name)
    const email = newAddress()
    const invited = await inviteFully(ask, admin.token, strange, { email, role: 'admin' })
    expect(invited.mailed).toBe(true)
    const mail = smtp.received.find(({ to }) => to.includes(email))
    if (mail === undefined) throw new Error('no mail has come')
    expect(mail).toMatchObject({ from: 'hallpass@example.com', to: [email] })
    expect(headersOf(mail).get('content-type')).toMatch(/^multipart\/alternative/)
    const parts = partsOf(mail)
    // With a code of its own, which nobody has seen who has not read the mail.
    const url = /http\S+\/invite#[a-z0-9-]{35}/.exec(parts.get('text/plain') ?? '')?.[0] ?? ''
    expect(url).toMatch(new RegExp(`^${authority.url()}/invite#`))
    expect(mail.raw).not.toContain(invited.code)
    expect(parts.get('text/plain')).toContain(`${admin.email} invites you to join`)
    expect(parts.get('text/html')).toContain(`href="${url}"`)
    expect(parts.get('text/html')).toContain('&lt;b&gt;Acme&lt;/b&gt; &amp; &quot;Söhne&quot;')
    expect(parts.get('text/html')).not.toContain('<b>')
  })

  test('is among what a page learns before anyone logs in', async () => {
    const methods = expectAnswer(routes.showLoginMethods, await ask('GET', '/v1/login-methods'))
    expect(methods.mail).toBe(true)
  })

  test('that is not taken loses no invitation', async () => {
    const refusing = await startSmtpServer({ onMailFrom: (_address, _session, done) => done(new Error('not today')) })
    const other = await startAuthority({
      mail: { smtpUrl: `smtp://127.0.0.1:${refusing.port}`, from: 'hallpass@example.com' },
    })
    try {
      const { token } = await signInFounder(other.ask)
      const { slug: theirs } = await createOrganisation(other.ask, token)
      for (const gone of [false, true]) {
        if (gone) await refusing.close()
        const email = newAddress()
        const invited = await inviteFully(other.ask, token, theirs, { email })
        expect(invited.mailed).toBe(false)
        expect(expectAnswer(routes.previewInvitation, await preview(invited.code, other.ask)).email).toBe(email)
      }
    } finally {
      await other.close()
      await refusing.close()
    }
  })

  test('is not sent where no server is configured, nor for an invitation that is refused', async () => {
    const before = smtp.received.length
    const member = await signUpInto(ask, admin.token, slug)
    const path = `/v1/orgs/${slug}/invitations`
    const sent = smtp.received.length
    expectRefusal(await ask('POST', path, { token: member.token, body: { email: newAddress() } }), 403)
    expectRefusal(await ask('POST', path, { token: admin.token, body: { email: member.email } }), 409)
    expect(smtp.received).toHaveLength(sent)
    expect(sent).toBe(before + 1)
    const quiet = await startAuthority()
    try {
      const { token } = await signInFounder(quiet.ask)
      const { slug: theirs } = await createOrganisation(quiet.ask, token)
      expect((await inviteFully(quiet.ask, token, theirs, { email: newAddress() })).mailed).toBe(false)
    } finally {
      await quiet.close()
    }
  })

  test.each([
    ['http://mail.example', 'a@example.com'],
    ['smtp://', 'a@example.com'],
    ['smtp://user@mail.example', 'a@example.com'],
    ['smtp://user:100%@mail.example', 'a@example.com'],
    ['smtp://mail.example/path', 'a@example.com'],
    ['smtp://mail.example?tls.rejectUnauthorized=false', 'a@example.com'],
    ['smtp://mail.example', 'not an address'],
    ['smtp://mail.example', 'a@example.com, b@example.com'],
    ['smtp://mail.example', 'A\r\nBcc: b@example.com <a@example.com>'],
  ])('is configured well or not at all: %s, %s', async (smtpUrl, from) => {
    await expect(startAuthority({ mail: { smtpUrl, from } })).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(/^HALLPASS_(SMTP_URL|MAIL_FROM)/) as string,
    })
  })
})

describe('settings', () => {
  const rename = (token: string, name: string, organisation = slug) =>
    ask('PATCH', `/v1/orgs/${organisation}`, { token, body: { name } })

  test('an admin renames an organisation, and it is written down', async () => {
    const { slug: old } = await createOrganisation(ask, admin.token, 'Old')
    const renamed = expectAnswer(routes.updateOrganisation, await rename(admin.token, 'New – 新', old))
    expect(renamed).toMatchObject({ name: 'New – 新', slug: old, role: 'admin' })
    const shown = expectAnswer(routes.showOrganisation, await ask('GET', `/v1/orgs/${old}`, { token: admin.token }))
    expect(shown.name).toBe('New – 新')
    const { events } = expectAnswer(
      routes.listAuditEvents,
      await ask('GET', `/v1/orgs/${old}/audit?limit=1`, { token: admin.token }),
    )
    expect(events).toMatchObject([
      { operation: 'organisation.update', target: `organization ${old}, to be called New – 新` },
    ])
  })

  test('a member and a token do not', async () => {
    const member = await signUpInto(ask, admin.token, slug)
    const { token } = await mint(ask, admin.token, slug)
    for (const credential of [member.token, token]) expectRefusal(await rename(credential, 'Theirs'), 403)
    const shown = expectAnswer(routes.showOrganisation, await ask('GET', `/v1/orgs/${slug}`, { token: member.token }))
    expect(shown.name).toBe('Acme')
  })

  test('nothing to change is refused, and so is a name that is none', async () => {
    expectRefusal(await ask('PATCH', `/v1/orgs/${slug}`, { token: admin.token, body: {} }), 400)
    for (const name of ['', ' ', 'x'.repeat(81), 'a\nb']) expectRefusal(await rename(admin.token, name), 400)
  })
})
