// Which tokens are looked at, as it stands in the address: so that it can be reloaded, sent on and gone back to.
import { holdsSecret } from '@hallpass/client/secret-text'

export type Sort = 'name' | 'created_at' | 'expires_at'
export type Order = 'asc' | 'desc'
type ListState = 'live' | 'expired' | 'revoked' | 'all'

export interface AskedList {
  readonly state: ListState
  readonly sort: Sort
  readonly order: Order
  readonly search?: string
  readonly cursor?: string
}

const states: readonly ListState[] = ['live', 'expired', 'revoked', 'all']
const sorts: readonly Sort[] = ['name', 'created_at', 'expires_at']

/** What is not understood counts as not said. */
export function readListQuery(params: URLSearchParams): AskedList {
  const told = params.get('search')?.slice(0, 128) ?? ''
  // The authority is not to be asked for a credential, whoever wrote the address.
  const search = holdsSecret(told) ? '' : told
  const cursor = params.get('cursor')
  const sort = sorts.find((each) => each === params.get('sort')) ?? 'created_at'
  return {
    state: states.find((each) => each === params.get('state')) ?? 'live',
    sort,
    order: params.get('order') === 'asc' ? 'asc' : params.get('order') === 'desc' || sort !== 'name' ? 'desc' : 'asc',
    ...(search === '' ? {} : { search }),
    ...(cursor === null ? {} : { cursor }),
  }
}
