// organisation.list: the organisations that the caller reaches; a token reaches its own.
import type { Organisation, Role } from '../../domain/organisation.ts'
import type { Page } from '../../domain/page.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { nameKey } from '../../domain/token.ts'
import type { OperationContext, ReadOperation } from '../perform/operation.ts'

export interface ReachedOrganisation {
  readonly organisation: Organisation
  /** Null if a token reaches it. */
  readonly role: Role | null
  /** Whether it is the caller's own personal organisation. */
  readonly own: boolean
}

const access: ReadOperation<unknown, undefined, unknown>['access'] = async () => ({
  subject: undefined,
  requirement: { kind: 'credential' },
  target: 'organisations',
  organisationId: null,
})

export const listOrganisations: ReadOperation<undefined, undefined, readonly ReachedOrganisation[]> = {
  name: 'organisation.list',
  mode: 'read',
  access,
  run: (context) => reach(context),
}

export interface FindOrganisations {
  /** Part of the name or the slug, in any case; empty for all. */
  readonly search: string
  /** Undefined for all. */
  readonly limit: number | undefined
  readonly after: OrganisationPlace | undefined
}

/** Where a page ends: behind an organisation that may be renamed, left or deleted meanwhile. */
export interface OrganisationPlace {
  /** The key of its name. */
  readonly name: string
  readonly id: number
}

/** As above, those that are searched for, a page at a time: it reads the memberships of one person. */
export const findOrganisations: ReadOperation<
  FindOrganisations,
  undefined,
  Page<ReachedOrganisation, OrganisationPlace>
> = {
  name: 'organisation.list',
  mode: 'read',
  access,

  async run(context, { input: { search, limit, after } }) {
    const part = nameKey(search)
    const found = (await reach(context))
      .map((reached) => ({ reached, place: placeOf(reached) }))
      .filter(({ reached: { organisation }, place }) => place.name.includes(part) || organisation.slug.includes(part))
      .filter(({ place }) => after === undefined || compare(place, after) > 0)
      .sort((one, other) => compare(one.place, other.place))
    const page = found.slice(0, limit)
    const items = page.map(({ reached }) => reached)
    const last = page.at(-1)
    return found.length > page.length && last !== undefined ? { items, next: last.place } : { items }
  },
}

function placeOf({ organisation: { id, name } }: ReachedOrganisation): OrganisationPlace {
  return { name: nameKey(name), id }
}

function compare(one: OrganisationPlace, other: OrganisationPlace): number {
  return one.name === other.name ? one.id - other.id : one.name < other.name ? -1 : 1
}

async function reach({ tx, principal }: OperationContext<ReadTransaction>): Promise<readonly ReachedOrganisation[]> {
  const reached = new Map<number, ReachedOrganisation>()
  for (const credential of principal.credentials) {
    if (credential.kind === 'user') {
      for (const { organisation, role } of await tx.organisations.ofUser(credential.user.id)) {
        reached.set(organisation.id, { organisation, role, own: organisation.personalOf === credential.user.id })
      }
    } else if (!reached.has(credential.record.organisationId)) {
      const organisation = await tx.organisations.byId(credential.record.organisationId)
      if (organisation !== undefined) reached.set(organisation.id, { organisation, role: null, own: false })
    }
  }
  return [...reached.values()]
}
