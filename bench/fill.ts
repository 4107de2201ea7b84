// Fills authorities with very many tokens by inserting rows directly into their tables.
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { createApp } from '../packages/authority/src/operations/apps/create-app.ts'
import { caveatsOfProfile } from '../packages/authority/src/operations/tokens/profiles.ts'
import { appDraft, openAuthority, orgToken, type OpenAuthority } from './authority.ts'
import type { Workspace } from './workspace.ts'

interface Fill {
  readonly tokens: number
  /** How many of them are neither revoked nor expired. */
  readonly live: number
}

export interface Filled {
  readonly directory: string
  readonly appName: string
  /** Authorization headers of genuine live tokens, whose rows are spread over the whole table. */
  readonly tokenHeaders: readonly string[]
}

/** Makes each fill once in a run, when it is first needed. */
export interface Fills {
  get(fill: Fill): Promise<Filled>
}

export function createFills(workspace: Workspace, say: (line: string) => void): Fills {
  const made = new Map<string, Promise<Filled>>()
  return {
    get(wanted) {
      const name = `${wanted.tokens} ${wanted.live}`
      const filled = made.get(name) ?? fillDirectory(workspace.directory(), wanted, say)
      made.set(name, filled)
      return filled
    },
  }
}

async function fillDirectory(directory: string, fill: Fill, say: (line: string) => void): Promise<Filled> {
  const started = performance.now()
  const appName = 'web-1'
  const authority = await openAuthority(directory)
  await authority.ask(authority.userHeader, createApp, { ...appDraft, name: appName })
  const genuine = await mintGenuine(authority, Math.min(mostGenuine, fill.live))
  const { user, organisation } = authority
  await authority.close()
  insertTokens(join(directory, 'hallpass.db'), fill, {
    organisationId: organisation.id,
    userId: user.id,
    genuineIds: genuine.map(({ id }) => Buffer.from(id.replaceAll('-', ''), 'hex')),
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  say(`filled a store with ${fill.tokens} tokens, ${fill.live} of them live, in ${seconds} s`)
  return { directory, appName, tokenHeaders: genuine.map(({ token }) => token.reveal()) }
}

/** Mints tokens without storing them: their rows are inserted among the others. */
async function mintGenuine({ environment, organisation }: OpenAuthority, count: number) {
  const { store, keyring } = environment
  const key = await store.read((tx) => tx.signingKeys.newest(organisation.id))
  if (key === undefined) throw new Error('the organisation has no signing key')
  const notBefore = Math.floor(Date.now() / 1000)
  const caveats = caveatsOfProfile(
    organisation.id,
    { profile: 'deploy_organization' },
    { notBefore, notAfter: notBefore + orgToken.lifetime },
  )
  return Array.from({ length: count }, () => keyring.mint(key, caveats))
}

interface Owners {
  readonly organisationId: number
  readonly userId: number
  readonly genuineIds: readonly Uint8Array[]
}

/**
 * Ids are random, as those of real tokens, so that the indexes are as loosely packed as after years. Half of the dead
 * tokens are revoked, half expired, mixed among the live ones.
 */
function insertTokens(path: string, { tokens, live }: Fill, { organisationId, userId, genuineIds }: Owners): void {
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -1000000')
  const insert = database.prepare(
    `insert into tokens (id, organisation_id, app_id, profile, name, name_key, created_by, minted_by, created_at, expires_at, revoked_at, revoked_by)
    values (?, ?, null, 'deploy_organization', ?, lower(?), ?, null, ?, ?, ?, ?)`,
  )
  const ids = randomFillSync(Buffer.allocUnsafe(tokens * 16))
  const now = Date.now()
  const everyLive = tokens / live
  const everyGenuine = live / genuineIds.length
  let liveSoFar = 0
  let genuineSoFar = 0
  database.exec('begin')
  for (let number = 0; number < tokens; number++) {
    const createdAt = now - year + Math.floor((year * number) / tokens)
    const isLive = number >= liveSoFar * everyLive
    const isGenuine = isLive && liveSoFar >= genuineSoFar * everyGenuine
    if (isLive) liveSoFar++
    const id = (isGenuine ? genuineIds[genuineSoFar++] : undefined) ?? ids.subarray(number * 16, number * 16 + 16)
    const isRevoked = !isLive && number % 2 === 0
    const expiresAt = isLive || isRevoked ? createdAt + lifetime : now - 1 - Math.floor((year * number) / tokens)
    const revokedAt = isRevoked ? createdAt + 1 : null
    insert.run(
      id,
      organisationId,
      `CI ${number}`,
      `CI ${number}`,
      userId,
      createdAt,
      expiresAt,
      revokedAt,
      isRevoked ? 'ada@example.com' : null,
    )
    if (number % rowsPerTransaction === rowsPerTransaction - 1) database.exec('commit; begin')
  }
  database.exec('commit; pragma journal_mode = wal')
  database.close()
  flush(path)
}

/** Flushes the rows to disk, so that their writing does not disturb the next measurement. */
function flush(path: string): void {
  const file = openSync(path, 'r+')
  fsyncSync(file)
  closeSync(file)
}

// Enough that their rows do not fit into the cache of a connection.
const mostGenuine = 8192
const rowsPerTransaction = 100_000
const year = 365 * 86_400_000
const lifetime = orgToken.lifetime * 1000
