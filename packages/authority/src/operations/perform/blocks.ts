// Which tokens a limit of their organisation blocks: at a use, and in lists.
import { DomainError } from '../../domain/errors.ts'
import type { Organisation, Role } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import {
  asksForMaker,
  blockOf,
  nowhere,
  openPolicy,
  type Block,
  type Circumstances,
  type LimitedToken,
} from '../../domain/token-policy.ts'
import type { OperationContext, Requirement } from './operation.ts'
import type { Credential } from './principal.ts'

/**
 * The context without tokens that are blocked here, if no access says of which organisation they must be. What came to a service
 * is not judged by networks: the service is told them.
 * @throws DomainError `blocked` if no credential is left
 */
export async function dropBlocked<Tx extends ReadTransaction>(
  context: OperationContext<Tx>,
  { ofOthers }: Requirement & { readonly kind: 'credential' },
): Promise<OperationContext<Tx>> {
  const { tx, caller, principal } = context
  const { credentials } = principal
  const from = ofOthers === true ? nowhere : () => caller.sourceAddress
  const blocks = await Promise.all(credentials.map((credential) => findBlock(tx, credential, from)))
  if (blocks.every((block) => block === undefined)) return context
  const [first, ...rest] = credentials.filter((_credential, at) => blocks[at] === undefined)
  if (first === undefined) throw new DomainError('blocked', blocks[0]?.sentence ?? '')
  return { ...context, principal: { credentials: [first, ...rest] } }
}

async function findBlock(
  tx: ReadTransaction,
  credential: Credential,
  from: Circumstances['from'],
): Promise<Block | undefined> {
  if (credential.kind === 'user') return undefined
  const organisation = await tx.organisations.byId(credential.record.organisationId)
  return organisation && blockIn(tx, organisation, credential.record, from)
}

/** Which limit of its organisation blocks the token. */
export async function blockIn(
  tx: ReadTransaction,
  organisation: Limiting,
  token: LimitedToken,
  from: Circumstances['from'],
): Promise<Block | undefined> {
  if (organisation.tokenPolicy === openPolicy) return undefined
  return blockWith(organisation, await findRoles(tx, organisation.id, makersOf([token], organisation)), token, from)
}

/** A token of a list or an answer, and what blocks it wherever it is used; undefined if nothing does. */
export type Judged<Token extends LimitedToken> = Token & { readonly block: Block | undefined }

/** Looks for what blocks each of these tokens of one organisation. */
export async function judge<Token extends LimitedToken>(
  tx: ReadTransaction,
  organisation: Limiting,
  tokens: readonly Token[],
): Promise<readonly Judged<Token>[]> {
  const roles = await findRoles(tx, organisation.id, makersOf(tokens, organisation))
  return tokens.map((token) => ({ ...token, block: blockWith(organisation, roles, token, nowhere) }))
}

/** The users whose roles `blockWith` needs to know, each once. */
export function makersOf(tokens: readonly LimitedToken[], { tokenPolicy }: Limiting): readonly number[] {
  if (!tokenPolicy.onlyAdminsMint) return []
  const makers = tokens.map((token) => (asksForMaker(token, tokenPolicy) ? token.createdBy : null))
  return [...new Set(makers.filter((maker) => maker !== null))]
}

/** The same with the roles of the makers. */
export function blockWith(
  { tokenPolicy }: Limiting,
  roles: Roles,
  token: LimitedToken,
  from: Circumstances['from'],
): Block | undefined {
  if (tokenPolicy === openPolicy) return undefined
  const makerIsAdmin = token.createdBy !== null && roles.get(token.createdBy) === 'admin'
  return blockOf(token, tokenPolicy, { makerIsAdmin, from })
}

type Limiting = Pick<Organisation, 'id' | 'tokenPolicy'>

export type Roles = ReadonlyMap<number, Role>
export const noRoles: Roles = new Map()

/** The roles of users in an organisation, by their ids. */
export async function findRoles(tx: ReadTransaction, organisationId: number, users: readonly number[]): Promise<Roles> {
  if (users.length === 0) return noRoles
  const roles = new Map<number, Role>()
  const find = async (id: number) => {
    const found = await tx.memberships.find(organisationId, id)
    if (found !== undefined) roles.set(id, found.role)
  }
  const [only] = users
  await (only !== undefined && users.length === 1 ? find(only) : Promise.all(users.map(find)))
  return roles
}
