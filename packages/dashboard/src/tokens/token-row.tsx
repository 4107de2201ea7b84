// One token of a list: a row of a table where there is room, else a few lines below each other.
import { Link } from 'wouter'

import type { Token } from '@hallpass/client'

import { ActionMenu } from '../ui/action-menu.tsx'
import { ShortId } from '../ui/copy.tsx'
import { LastUse } from '../ui/last-use.tsx'
import { Time } from '../ui/time.tsx'
import { sayPerson } from '../words/people.ts'
import { reachOf } from './reach.ts'
import { canRotate, TokenEnd } from './token-state.tsx'

export interface RowActions {
  readonly onRename: (token: Token) => void
  readonly onRotate: (token: Token) => void
  readonly onRevoke: (token: Token) => void
}

interface TokenRowProps extends RowActions {
  readonly slug: string
  readonly token: Token
  readonly isSelected: boolean
  readonly onSelect: (isSelected: boolean) => void
}

export function TokenRow({ slug, token, isSelected, onSelect, onRename, onRotate, onRevoke }: TokenRowProps) {
  const { words, narrowed } = reachOf(token)
  const isLive = token.state === 'live'
  return (
    <tr
      aria-selected={isSelected || undefined}
      className="grid grid-cols-[auto_minmax(0,1fr)_auto] gap-x-3 gap-y-1 py-3 text-small aria-selected:bg-accent-soft @3xl:table-row @3xl:align-top @3xl:not-aria-selected:hover:bg-side"
    >
      <td className="pl-1 @3xl:py-2.5">
        <input
          type="checkbox"
          aria-label={`Select ${token.name}`}
          className="mt-0.5 block size-4 accent-accent"
          disabled={!isLive}
          checked={isSelected}
          onChange={(event) => onSelect(event.target.checked)}
        />
      </td>
      <th scope="row" className="min-w-0 font-normal @3xl:py-2.5 @3xl:pr-4">
        <Link
          href={`/dashboard/${slug}/tokens/${token.id}`}
          className={`block truncate text-base font-medium hover:underline ${isLive ? '' : 'text-muted'}`}
          title={token.name}
        >
          {token.name}
        </Link>
        <ShortId id={token.id} />
        {token.blocked !== null && isLive && (
          <span className="block text-tiny text-warn wrap-anywhere">{token.blocked.sentence}</span>
        )}
      </th>
      <td className="col-span-2 col-start-2 min-w-0 @3xl:py-2.5 @3xl:pr-4">
        <span className="block truncate">{words}</span>
        {narrowed.length > 0 && (
          <span className="block truncate text-tiny text-muted" title={narrowed.join(', ')}>
            {narrowed.join(', ')}
          </span>
        )}
      </td>
      <td className="col-span-2 col-start-2 min-w-0 text-muted @3xl:py-2.5 @3xl:pr-4">
        <span className="block truncate" title={token.created_by ?? undefined}>
          <Label>by </Label>
          {token.trust_policy === null ? sayPerson(token.created_by, token.created_by_proven) : 'a CI job'}
        </span>
        <span className="block truncate text-tiny">
          <Time at={token.created_at} />
          {token.minted_by !== null && (
            <>
              {' with '}
              <Link
                href={`/dashboard/${slug}/tokens/${token.minted_by}`}
                className="underline underline-offset-2 hover:text-ink"
                title={token.minted_by}
              >
                token {token.minted_by.slice(0, 8)}
              </Link>
            </>
          )}
        </span>
      </td>
      <td className="col-span-2 col-start-2 text-muted @3xl:py-2.5 @3xl:pr-4">
        <Label>last used: </Label>
        <LastUse isShort at={token.last_used_at} madeAt={token.created_at} knownSince={token.last_use_known_since} />
      </td>
      <td className="col-span-2 col-start-2 @3xl:py-2.5 @3xl:pr-4">
        {isLive && <Label>ends </Label>}
        <TokenEnd token={token} />
        {token.successor_id !== null && (
          <Link
            href={`/dashboard/${slug}/tokens/${token.successor_id}`}
            className="block truncate text-tiny text-muted underline underline-offset-2 hover:text-ink"
            title={token.successor_id}
          >
            replaced
          </Link>
        )}
      </td>
      <td className="col-start-3 row-start-1 text-right @3xl:py-1.5">
        <ActionMenu
          label={`Actions for ${token.name}`}
          actions={[
            { label: 'Open', href: `/dashboard/${slug}/tokens/${token.id}` },
            { label: 'Rename', onSelect: () => onRename(token) },
            canRotate(token) && { label: 'Rotate', onSelect: () => onRotate(token) },
            isLive && { label: 'Revoke', isDanger: true, onSelect: () => onRevoke(token) },
          ]}
        />
      </td>
    </tr>
  )
}

/** Said only where there is no heading above. */
function Label({ children }: { readonly children: string }) {
  return <span className="@3xl:hidden">{children}</span>
}
