// Long lists of an organisation or a person: complete over several pages, with a limit on the work for each.
import { expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { takeTicket } from './discharges.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { createOrganisation, mint, requireMembership } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { authority, ask, admin } = prepareAuthority()

const numbers = (most: number) =>
  `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${most})`

test('an organisation of more members than one piece shows all of them, by address, and its role', async () => {
  const { slug } = await createOrganisation(ask, admin.token)
  authority.inspect((database) =>
    database.exec(`${numbers(1200)} insert into users (email, password_hash, created_at)
      select 'many-' || (n * 7919 % 1200) || '@example.com', '', 1 from numbers;
      insert into memberships select organisations.id, users.id, 'member', 1 from users, organisations
        where users.email like 'many-%' and organisations.slug = '${slug}'`),
  )
  const { members, role } = expectAnswer(
    routes.showOrganisation,
    await ask('GET', `/v1/orgs/${slug}`, { token: admin.token }),
  )
  const emails = members.map(({ email }) => email)
  expect([role, new Set(emails).size, emails]).toEqual(['admin', 1201, emails.toSorted()])
})

test('a person belongs to a thousand organisations at most', async () => {
  authority.inspect((database) =>
    database.exec(`${numbers(1000)} insert into organisations (slug, name, created_at)
      select 'mine-' || n, 'Mine', 1 from numbers;
      insert into memberships select organisations.id, users.id, 'member', 1 from users, organisations
        where users.email = 'ada@example.com' and organisations.slug like 'mine-%'`),
  )
  const refused = await ask('POST', '/v1/orgs', { token: admin.token, body: { name: 'One more' } })
  expect(expectRefusal(refused, 409).message).toContain('1000 organizations')
  authority.inspect((database) =>
    database.exec(
      `delete from memberships where organisation_id in (select id from organisations where name = 'Mine')`,
    ),
  )
  await createOrganisation(ask, admin.token)
})

test('a thousand discharges wait for a person at most, of all tokens together', async () => {
  const { slug } = await createOrganisation(ask, admin.token)
  await requireMembership(ask, admin.token, slug, 'login')
  const minted = await mint(ask, admin.token, slug)
  authority.inspect((database) =>
    database.exec(`${numbers(1000)} insert into discharge_requests (person_hash, poll_hash, token_id, user_id,
        organisation_id, ticket, state, requested_from, created_at, expires_at)
      select randomblob(32), randomblob(32), randomblob(16), users.id, 1, x'00', 'pending', '', 1, 4000000000000
        from numbers, users where users.email = 'ada@example.com'`),
  )
  const refused = await takeTicket(ask, minted.token)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
})
