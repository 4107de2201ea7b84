// organisation.create: makes a shared organisation with its own signing key; the caller becomes its admin.
import { DomainError } from '../../domain/errors.ts'
import { personalAlias, suggestSlug, type Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { openPolicy } from '../../domain/token-policy.ts'
import type { User } from '../../domain/user.ts'
import type { ReachedOrganisation } from './list-organisations.ts'
import type { Services, WriteContext, WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export interface CreateOrganisation {
  readonly name: string
  /** Made from the name if absent. */
  readonly slug: string | undefined
}

export const createOrganisation: WriteOperation<CreateOrganisation, undefined, ReachedOrganisation> = {
  name: 'organisation.create',
  mode: 'write',
  access: personal(({ name }) => `organisation ${name}`),

  async run(context, { input, actor }) {
    expectPerson(actor)
    const slug =
      input.slug === undefined ? await freeSlug(context, input.name) : await checkSlug(context.tx, input.slug)
    const draft = { slug, name: input.name, personalOf: null, createdAt: context.now }
    return { organisation: await foundOrganisation(context, draft, actor.user), role: 'admin', own: false }
  },

  auditDetails: ({ organisation }) => ({
    target: `organisation ${organisation.slug}`,
    organisationId: organisation.id,
  }),
}

/** Makes an organisation with its first signing key and its first admin. */
export async function foundOrganisation(
  { tx, environment, now }: WriteContext,
  draft: Omit<Organisation, 'id' | 'membershipDischarge' | 'tokenPolicy'>,
  admin: User,
): Promise<Organisation> {
  await expectRoomFor(tx, admin)
  const organisation = await tx.organisations.insert({ ...draft, membershipDischarge: 'none', tokenPolicy: openPolicy })
  await tx.memberships.insert({ organisationId: organisation.id, userId: admin.id, role: 'admin', createdAt: now })
  await tx.signingKeys.insert(environment.keyring.createSigningKey(organisation.id, now))
  return organisation
}

/** @throws DomainError `conflict` if the user belongs to the maximum number of organisations */
export async function expectRoomFor(tx: ReadTransaction, { id }: User): Promise<void> {
  if ((await tx.memberships.countOf(id, mostOrganisations)) < mostOrganisations) return
  throw new DomainError(
    'conflict',
    `you belong to ${mostOrganisations} organizations, the most that anybody can belong to`,
  )
}

// Some work for a person looks at all of their organisations.
const mostOrganisations = 1000

async function checkSlug(tx: Transaction, slug: string): Promise<string> {
  if (slug === personalAlias || (await tx.organisations.bySlug(slug)) !== undefined) {
    throw new DomainError('conflict', `the slug ${slug} is taken`, { field: 'slug' })
  }
  return slug
}

async function freeSlug(
  { tx, environment }: { readonly tx: Transaction; readonly environment: Services },
  name: string,
): Promise<string> {
  const suggested = suggestSlug(name)
  const taken =
    suggested === personalAlias || suggested === '' || (await tx.organisations.bySlug(suggested)) !== undefined
  if (!taken) return suggested
  const suffix = Buffer.from(environment.randomBytes(4)).toString('hex')
  return suggested === '' ? `org-${suffix}` : `${suggested}-${suffix}`
}
