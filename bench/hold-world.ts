// An organisation with the maximum of everything, and tokens that are expensive to refuse.
import { createCipheriv, randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { actions, formatAuthorization, mintMacaroon, type Caveat } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'
import { Client } from 'pg'

import { readMacaroon } from '../e2e/macaroons.ts'
import { mintToken, openAuthority, orgToken, revokeToken } from '../e2e/open-authority.ts'
import { withRepeated } from '../e2e/raw-macaroons.ts'

/** Whom the requests come from, as Authorization headers. */
export interface Crowd {
  readonly user: string
  readonly token: string
  /** 32 tokens. */
  readonly tokens: readonly string[]
  /** 32 that are revoked. */
  readonly dead: readonly string[]
}

/** Fills the authority of an empty data directory or of a PostgreSQL database, and closes it. */
export async function fillWithCrowd(directory: string, url: string | undefined, many: number): Promise<Crowd> {
  const authority = await openAuthority(directory, url)
  const { ask, environment, userHeader, organisation, user } = authority
  const minted = await Promise.all(Array.from({ length: 64 }, () => ask(userHeader, mintToken, orgToken)))
  const [live, dead] = [minted.slice(0, 32), minted.slice(32)]
  for (const { record } of dead) await ask(userHeader, revokeToken, { id: record.id, descendants: 'keep' })
  const apps = new Map(Array.from({ length: 9000 }, (_, i) => [BigInt(i + 70_000), actions.any]))
  const caveats = encodeCaveats([{ type: 'Apps', apps }])
  for (let begun = 0; begun < 1000; begun += 50) {
    await environment.store.write(async (tx) => {
      for (let i = begun; i < begun + 50; i++) {
        await tx.tokens.insert({
          id: randomUUID(),
          organisationId: organisation.id,
          appId: null,
          profile: 'deploy_organization',
          name: `CI ${i}`,
          createdBy: null,
          mintedBy: null,
          createdAt: 0,
          expiresAt: Date.now() + 1e12 + i,
          revokedAt: null,
          revokedBy: null,
          caveats,
          machineId: null,
          successorId: null,
          predecessorId: null,
          isApproved: true,
        })
      }
    })
  }
  await authority.close()
  await execute(join(directory, 'hallpass.db'), url, crowdSql(organisation.id, user.id, many))
  const tokens = live.map(({ token }) => token.reveal())
  return { user: userHeader, token: tokens[0] ?? '', tokens, dead: dead.map(({ token }) => token.reveal()) }
}

/** For both databases. */
function crowdSql(organisation: number, user: number, many: number): string {
  const long = `'${'é"'.repeat(500)}'`
  const numbers = (count: number) =>
    `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${count})`
  return `begin;
    ${numbers(many)} insert into apps (public_id, name, organisation_id, network, created_at)
      select 'app-' || i, 'web-' || i, ${organisation}, 'default', 0 from numbers;
    ${numbers(many)} insert into users (email, password_hash, created_at)
      select 'person-' || i || '@example.com', '', 0 from numbers;
    insert into memberships (organisation_id, user_id, role, created_at)
      select ${organisation}, id, 'member', 0 from users where email like 'person-%';
    ${numbers(1000)} insert into audit_events
      (at, organisation_id, operation, outcome, actor_kind, actor_id, actor_label, target, reason, request_id)
      select 0, ${organisation}, 'app.delete', 'denied', 'user', '${user}', ${long}, ${long}, ${long}, '' from numbers;
    commit;`
}

/** Runs SQL on the database of a URL, or on a SQLite file, which others may have open. */
export async function execute(path: string, url: string | undefined, sql: string): Promise<void> {
  if (url === undefined) {
    using database = new DatabaseSync(path)
    database.exec(sql)
  } else {
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
}

/** 32 tokens of an unknown key. */
export function strangers(location: string): string {
  const made = Array.from({ length: 32 }, () => {
    const caveats: readonly Caveat[] = [{ type: 'IsMember' }]
    return mintMacaroon({ kid: random(16), rnd: random(16), location, key: random(32), caveats })
  })
  return formatAuthorization(made.map((token) => withRepeated(token, 249, () => ({ type: 'IsMember' }))))
}

/** Each of 8 tokens asks for the same discharge 64 times. The discharge is there, and 256 caveats bind it to the token. */
export function askingOften(tokens: readonly string[]): string {
  const ticket = random(1)
  const key = random(32)
  const binding: Caveat = { type: 'BindToParentToken', prefix: null }
  const discharge = mintMacaroon({ kid: ticket, rnd: random(16), location: 'third', key, caveats: [binding] })
  return formatAuthorization([
    ...tokens.slice(0, 8).map((token) =>
      withRepeated(readMacaroon(token), 64, (tail) => {
        return { type: '3P', location: 'third', verifierKey: seal(tail, key), ticket }
      }),
    ),
    withRepeated(discharge, 255, () => binding),
  ])
}

/** As the issuer of a third-party caveat seals the key of its discharge. */
function seal(tail: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = random(12)
  const cipher = createCipheriv('chacha20-poly1305', tail, nonce, { authTagLength: 16 })
  return new Uint8Array(Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]))
}

function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length))
}
