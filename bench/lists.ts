// Pages of token lists in every order, deep in them too, and searches that match much, little and nothing.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import {
  listOrganisationTokens,
  usualListing,
  type ListOptions,
} from '../packages/authority/src/operations/tokens/list-tokens.ts'
import { openAuthority, type OpenAuthority } from './authority.ts'
import type { Filled } from './fill.ts'
import { interleave, timeEach } from './measure.ts'
import { millionOf } from './million.ts'
import type { Piece } from './piece.ts'
import { compareCost, duration } from './rows.ts'

export const lists: Piece = async ({ quick, fills }) => {
  const tokens = millionOf(quick)
  const few = await open(await fills.get({ tokens: 1000, live: 1000 }))
  const many = await open(await fills.get({ tokens, live: tokens }))
  const dead = await open(await fills.get({ tokens, live: 1000 }))
  const among = `of ${tokens.toLocaleString('en-GB')}`
  const cases: readonly (readonly [name: string, meaning: string, scene: Scene, listing: Partial<ListOptions>])[] = [
    [`by end, ${among}`, meanings.page, many, {}],
    [`by end, deep, ${among}`, meanings.deep, many, { after: many.middle }],
    [`by age, ${among}`, meanings.page, many, { sort: 'created_at' }],
    [`by age, deep, ${among}`, meanings.deep, many, { sort: 'created_at', after: many.middle }],
    [`by name, ${among}`, meanings.page, many, { sort: 'name', order: 'asc' }],
    [`by name, deep, ${among}`, meanings.deep, many, { sort: 'name', order: 'asc', after: many.middle }],
    [`all by end, ${among}`, meanings.all, dead, { state: 'all' }],
    [`live by age, 1,000 ${among}`, meanings.sparse, dead, { sort: 'created_at' }],
    [`a search that matches much, ${among}`, meanings.search, many, { search: 'CI' }],
    [`a search that matches little, ${among}`, meanings.bounded, many, { search: 'ci 4242', sort: 'name' }],
    [`a search that matches nothing, ${among}`, meanings.bounded, many, { search: 'nobody' }],
    [`a search of all that matches nothing, ${among}`, meanings.bounded, dead, { search: 'nobody', state: 'all' }],
  ]
  const variants: Readonly<Record<string, () => Promise<number>>> = {
    base: () => timeEach(10, () => readPage(few, {})),
    ...Object.fromEntries(
      cases.map(([name, , scene, listing]) => [name, () => timeEach(5, () => readPage(scene, listing))]),
    ),
  }
  const measured = await interleave(variants, quick ? { rounds: 10, warmUp: 2 } : { rounds: 60, warmUp: 6 })
  for (const { authority } of [few, many, dead]) await authority.close()
  return cases.map(([name, meaning]) =>
    compareCost({ name, meaning, ours: measured[name] ?? [], beside: measured['base'] ?? [], show: duration }),
  )
}

const page = { ...usualListing, limit: 100, after: undefined } as const

const beside = 'beside the first page (100) of 1,000 live tokens in the order of their ends'
const meanings = {
  page: `The first page (100) of the live tokens of an organisation in this order, authenticated and performed; ${beside}.`,
  deep: `The page that begins in the middle of it; ${beside}.`,
  all: `The same of the live, the revoked and the expired together; ${beside}.`,
  sparse: `The first page of the live tokens where nearly all others are revoked or expired; ${beside}.`,
  search: `The first page of a search; ${beside}.`,
  bounded: `The first page of a search, which looks at 10,000 tokens and then hands back what it has found, to be gone on with; ${beside}. Nothing else runs meanwhile.`,
}

interface Scene {
  readonly authority: OpenAuthority
  /** The id of the token that is in the middle by age. */
  readonly middle: string
}

async function open({ directory }: Filled): Promise<Scene> {
  const database = new DatabaseSync(join(directory, 'hallpass.db'), { readOnly: true })
  const row = database
    .prepare('select hex(id) as id from tokens order by created_at limit 1 offset (select count(*) / 2 from tokens)')
    .get()
  database.close()
  const middle = String(row?.['id'])
    .toLowerCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return { authority: await openAuthority(directory), middle }
}

function readPage({ authority: { ask, userHeader, organisation } }: Scene, listing: Partial<ListOptions>) {
  return ask(userHeader, listOrganisationTokens, { ...page, ...listing, slug: organisation.slug })
}
