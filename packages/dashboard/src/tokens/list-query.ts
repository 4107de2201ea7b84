// Which tokens are looked at, as it stands in the address: so that it can be reloaded, sent on and gone back to.
import { holdsSecret } from '@hallpass/client/secret-text'

import { listSorts, listStates } from '@hallpass/client/words'

export type Sort = (typeof listSorts)[number]
export type Order = 'asc' | 'desc'

export interface AskedList {
  readonly state: (typeof listStates)[number]
  readonly sort: Sort
  readonly order: Order
  readonly search?: string
  /** A duration for which they were not used. */
  readonly unused?: string
  readonly cursor?: string
}

/** Unknown values are ignored. */
export function readListQuery(params: URLSearchParams): AskedList {
  const told = params.get('search')?.slice(0, 128) ?? ''
  // A credential in the address must not be sent to the authority.
  const search = holdsSecret(told) ? '' : told
  const cursor = params.get('cursor')
  const unused = params.get('unused') ?? ''
  const sort = listSorts.find((each) => each === params.get('sort')) ?? 'created_at'
  return {
    state: listStates.find((each) => each === params.get('state')) ?? 'live',
    sort,
    order: params.get('order') === 'asc' ? 'asc' : params.get('order') === 'desc' || sort !== 'name' ? 'desc' : 'asc',
    ...(search === '' ? {} : { search }),
    ...(/^\d{1,5}[dwhmy]$/.test(unused) ? { unused } : {}),
    ...(cursor === null ? {} : { cursor }),
  }
}
