// The tokens of an organisation: what each may do, who made it, when it was used, when it expires, and a button to revoke it.
import { Link } from 'wouter'

import type { Token } from '@hallpass/client'

import { Button } from '../ui/button.tsx'
import { LastUse } from '../ui/last-use.tsx'
import { State } from '../ui/layout.tsx'
import { Time } from '../ui/time.tsx'
import type { Order, Sort } from './list-query.ts'
import { reachOf } from './reach.ts'
import { sayPerson } from '../words/people.ts'

interface TokensTableProps {
  readonly slug: string
  readonly tokens: readonly Token[]
  readonly sort: Sort
  readonly order: Order
  readonly onSort: (sort: Sort, order: Order) => void
  readonly onRotate: (token: Token) => void
  readonly onRevoke: (token: Token) => void
}

export function TokensTable({ slug, tokens, sort, order, onSort, onRotate, onRevoke }: TokensTableProps) {
  const header = { sort, order, onSort }
  return (
    <div className="@container">
      <table className="block w-full text-left @3xl:table @3xl:table-fixed">
        <thead className="hidden text-small text-muted @3xl:table-header-group">
          <tr className="border-b border-line">
            <SortHeader {...header} by="name" label="Name" className="w-[23%]" />
            <th className="w-[15%] py-2 pr-4 font-medium">May do</th>
            <th className="py-2 pr-4 font-medium">Created by</th>
            <SortHeader {...header} by="created_at" label="Created" className="w-30" />
            <SortHeader {...header} by="last_used_at" label="Last used" className="w-30" />
            <SortHeader {...header} by="expires_at" label="Expires" className="w-27" />
            <th className="w-21 py-2 pr-4 font-medium">State</th>
            <th className="w-19 py-2 font-medium">
              <span className="sr-only">Rotate, revoke</span>
            </th>
          </tr>
        </thead>
        <tbody className="block divide-y divide-line border-y border-line @3xl:table-row-group @3xl:border-t-0">
          {tokens.map((token) => (
            <Row
              key={token.id}
              slug={slug}
              token={token}
              onRotate={() => onRotate(token)}
              onRevoke={() => onRevoke(token)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface SortHeaderProps extends Pick<TokensTableProps, 'sort' | 'order' | 'onSort'> {
  readonly by: Sort
  readonly label: string
  readonly className: string
}

function SortHeader({ sort, order, onSort, by, label, className }: SortHeaderProps) {
  const isSorted = sort === by
  const next = isSorted ? (order === 'asc' ? 'desc' : 'asc') : by === 'name' ? 'asc' : 'desc'
  return (
    <th
      aria-sort={isSorted ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
      className={`py-2 pr-4 font-medium ${className}`}
    >
      <button
        type="button"
        onClick={() => onSort(by, next)}
        className={`inline-flex items-center gap-1 rounded-sm hover:text-ink ${isSorted ? 'text-ink' : ''}`}
      >
        {label}
        <svg
          viewBox="0 0 10 10"
          aria-hidden="true"
          className={`size-2.5 fill-current ${isSorted ? '' : 'opacity-0'} ${order === 'asc' ? 'rotate-180' : ''}`}
        >
          <path d="M1.5 3h7L5 8z" />
        </svg>
      </button>
    </th>
  )
}

interface RowProps {
  readonly slug: string
  readonly token: Token
  readonly onRotate: () => void
  readonly onRevoke: () => void
}

function Row({ slug, token, onRotate, onRevoke }: RowProps) {
  const { words, narrowed } = reachOf(token)
  const isLive = token.state === 'live'
  return (
    <tr className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1 py-3 text-small @3xl:table-row @3xl:hover:bg-side">
      <th scope="row" className="min-w-0 font-normal @3xl:py-2.5 @3xl:pr-4">
        <Link
          href={`/dashboard/${slug}/tokens/${token.id}`}
          className={`block truncate text-base font-medium hover:underline ${isLive ? '' : 'text-muted'}`}
          title={token.name}
        >
          {token.name}
        </Link>
        <code className="block truncate font-mono text-tiny text-muted" title={token.id}>
          {token.id}
        </code>
      </th>
      <td className="order-1 col-span-2 flex min-w-0 flex-wrap gap-x-1.5 @3xl:table-cell @3xl:pr-4">
        <span className="block truncate">{words}</span>
        {narrowed.length > 0 && (
          <span className="block truncate text-muted @3xl:text-tiny" title={narrowed.join(', ')}>
            {narrowed.join(', ')}
          </span>
        )}
      </td>
      <td className="order-2 col-span-2 truncate text-muted @3xl:pr-4" title={token.created_by ?? undefined}>
        <Label>by</Label>{' '}
        {token.trust_policy === null ? sayPerson(token.created_by, token.created_by_proven) : 'a CI job'}
        {token.minted_by !== null && (
          <Link
            href={`/dashboard/${slug}/tokens/${token.minted_by}`}
            className="block truncate text-tiny hover:text-ink hover:underline"
            title={token.minted_by}
          >
            with the token {token.minted_by.slice(0, 8)}…
          </Link>
        )}
      </td>
      <td className="order-3 text-muted @3xl:pr-4">
        <Label>created</Label> <Time at={token.created_at} />
      </td>
      <td className="order-3 col-span-2 text-muted @3xl:pr-4">
        <Label>last used:</Label>{' '}
        <LastUse at={token.last_used_at} madeAt={token.created_at} knownSince={token.last_use_known_since} />
      </td>
      <td className="order-3 text-muted @3xl:pr-4">
        <Label>{token.state === 'expired' ? 'expired' : 'expires'}</Label> <Time at={token.expires_at} />
      </td>
      <td className="order-4 self-center @3xl:pr-4">
        <TokenState token={token} />
        {token.successor_id !== null && (
          <Link
            href={`/dashboard/${slug}/tokens/${token.successor_id}`}
            className="block truncate text-tiny text-muted hover:text-ink hover:underline"
            title={token.successor_id}
          >
            replaced
          </Link>
        )}
      </td>
      <td className="order-4 col-span-2 self-center text-right">
        <div className="-mr-2.5 flex justify-end @3xl:flex-col @3xl:items-end">
          {canRotate(token) && (
            <Button kind="quiet" size="small" aria-label={`Rotate ${token.name}`} onClick={onRotate}>
              Rotate
            </Button>
          )}
          {isLive && (
            <Button kind="quiet-danger" size="small" aria-label={`Revoke ${token.name}`} onClick={onRevoke}>
              Revoke
            </Button>
          )}
        </div>
      </td>
    </tr>
  )
}

/** Said only where there is no heading above. */
function Label({ children }: { readonly children: string }) {
  return <span className="@3xl:hidden">{children}</span>
}

/** Whether somebody who may can replace it. */
export function canRotate({ state, successor_id, machine, caveats }: Token): boolean {
  return state === 'live' && successor_id === null && machine === null && caveats !== null
}

const tones = { live: 'good', revoked: 'bad', expired: 'off' } as const

export function TokenState({ token: { state } }: { readonly token: Token }) {
  return <State tone={tones[state]}>{state.charAt(0).toUpperCase() + state.slice(1)}</State>
}
