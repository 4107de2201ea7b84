// What an entry of the matrix is, and who may go together in it.
import type { CreatedApp } from '@hallpass/client'

import { columns, type Column, type World } from './matrix-world.ts'
import type { Person } from './people.ts'

export interface Subject {
  readonly world: World
  /** The app that the case is about: a fresh one where the request may end it. */
  readonly app: CreatedApp
  /** Whether the request is expected to change something. */
  readonly fresh: boolean
  /** The person who asks, where a person does. */
  readonly person: Person | undefined
}

export interface Prepared {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In the place of the credential of the column: for what ends the credential itself. */
  readonly token?: string
}

export type Prepare = (subject: Subject) => Prepared | Promise<Prepared>

/** Who may, how it is asked, and a body that is good in itself, for tests that spoil it. */
export type Entry = readonly [may: readonly Column[], ask: Prepare, example?: Readonly<Record<string, unknown>>]

export const ofOrganisation = ({ world }: Subject): Prepared => ({ params: { org_slug: world.organisation.slug } })
export const ofApp: Prepare = ({ app }) => ({ params: { app_name: app.name } })
export const nothing: Prepare = () => ({})

// Columns that are let in together. With the whole token of an organization goes what is its own equal: one that ends
// earlier, a revoked token beside it, and its halves, of which a request goes through where either allows all of it.
export const everybody = columns
export const people = ['admin', 'member', 'stranger'] as const
export const members = ['admin', 'member'] as const
export const single = ['org', 'ending', 'revived'] as const
export const whole = [...single, 'halves'] as const
