// Which tokens are looked at, as it stands in the address: so that it can be reloaded, sent on and gone back to.
import { holdsSecret } from '@hallpass/client/secret-text'

import { listSorts } from '@hallpass/client/words'

export type Sort = (typeof listSorts)[number]
export type Order = 'asc' | 'desc'

/** What a list can be of; `ending` are the live ones that end within a week, `pending` those that no admin approved. */
export const states = [
  { value: 'live', label: 'Live' },
  { value: 'ending', label: 'Ends soon' },
  { value: 'pending', label: 'Pending' },
  { value: 'expired', label: 'Expired' },
  { value: 'revoked', label: 'Revoked' },
  { value: 'all', label: 'All states' },
] as const

export const kinds = [
  { value: 'deploy_organization', label: 'Organization tokens' },
  { value: 'deploy', label: 'Deploy tokens' },
  { value: 'litefs_cloud', label: 'LiteFS Cloud tokens' },
] as const

/** What the list is filtered by; all but the state are left out where they do not count. */
export interface AskedTokens {
  readonly state: (typeof states)[number]['value']
  readonly search?: string | undefined
  readonly kind?: (typeof kinds)[number]['value'] | undefined
  /** Name of the app that they are limited to. */
  readonly app?: string | undefined
  /** Address of the person in whose name they were made. */
  readonly by?: string | undefined
  /** A duration for which they were not used. */
  readonly unused?: string | undefined
}

export interface AskedList {
  readonly filter: AskedTokens
  readonly sort: Sort
  readonly order: Order
  readonly cursor?: string | undefined
}

/** Unknown values are ignored, and so are credentials, which must not be sent to the authority. */
export function readListQuery(params: URLSearchParams): AskedList {
  const text = (name: string) => {
    const told = params.get(name)?.slice(0, 128) ?? ''
    return holdsSecret(told) || told === '' ? undefined : told
  }
  const unused = params.get('unused') ?? ''
  const sort = listSorts.find((each) => each === params.get('sort')) ?? 'created_at'
  return {
    filter: {
      state: states.find(({ value }) => value === params.get('state'))?.value ?? 'live',
      search: text('search'),
      kind: kinds.find(({ value }) => value === params.get('kind'))?.value,
      app: text('app'),
      by: text('by'),
      unused: /^\d{1,5}[dwhmy]$/.test(unused) ? unused : undefined,
    },
    sort,
    order: params.get('order') === 'asc' ? 'asc' : params.get('order') === 'desc' || sort !== 'name' ? 'desc' : 'asc',
    cursor: params.get('cursor') ?? undefined,
  }
}
