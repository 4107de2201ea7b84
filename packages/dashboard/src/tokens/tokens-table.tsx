// The tokens of an organisation: what each may do, who made it, when it was used and when it ends; some can be selected.
import type { Token } from '@hallpass/client'

import type { Order, Sort } from './list-query.ts'
import { TokenRow, type RowActions } from './token-row.tsx'

interface TokensTableProps extends RowActions {
  readonly slug: string
  readonly tokens: readonly Token[]
  readonly sort: Sort
  readonly order: Order
  /** Ids. */
  readonly selected: ReadonlySet<string>
  readonly onSort: (sort: Sort, order: Order) => void
  readonly onSelect: (ids: ReadonlySet<string>) => void
}

export function TokensTable(props: TokensTableProps) {
  const { slug, tokens, sort, order, selected, onSort, onSelect, ...actions } = props
  const header = { sort, order, onSort }
  const selectable = tokens.filter(({ state }) => state === 'live')
  const isWhole = selectable.length > 0 && selectable.every(({ id }) => selected.has(id))
  return (
    <div className="@container">
      <table className="block w-full text-left @3xl:table @3xl:table-fixed">
        <thead className="hidden text-small text-muted @3xl:table-header-group">
          <tr className="border-b border-line">
            <th className="w-9 py-2 pl-1 font-medium">
              <input
                type="checkbox"
                aria-label="Select all on this page"
                className="block size-4 accent-accent"
                disabled={selectable.length === 0}
                checked={isWhole}
                onChange={() => onSelect(new Set(isWhole ? [] : selectable.map(({ id }) => id)))}
              />
            </th>
            <SortHeader {...header} by="name" label="Name" className="w-[25%]" />
            <th className="w-[16%] py-2 pr-4 font-medium">Access</th>
            <SortHeader {...header} by="created_at" label="Created" className="" />
            <SortHeader {...header} by="last_used_at" label="Last used" className="w-[13%]" />
            <SortHeader {...header} by="expires_at" label="Ends" className="w-[13%]" />
            <th className="w-9 py-2 font-medium">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="block divide-y divide-line border-y border-line @3xl:table-row-group @3xl:border-t-0">
          {tokens.map((token) => (
            <TokenRow
              key={token.id}
              slug={slug}
              token={token}
              isSelected={selected.has(token.id)}
              onSelect={(isSelected) => {
                const next = new Set(selected)
                if (isSelected) next.add(token.id)
                else next.delete(token.id)
                onSelect(next)
              }}
              {...actions}
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
