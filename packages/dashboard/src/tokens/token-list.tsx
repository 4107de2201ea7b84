// A list of tokens: filters, how many there are, the page, and the dialogs of what can be done with them.
import { useState } from 'react'
import { useSearchParams } from 'wouter'

import type { MintedToken, Token, TokenList as Listed } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery, type Query } from '../api/use-query.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { useSayCount } from '../ui/announce.ts'
import { Empty } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Pager } from '../ui/pager.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { sayInstant } from '../words/time.ts'
import { ListHead } from './list-head.tsx'
import type { AskedList } from './list-query.ts'
import { countTokens } from './list-tokens.ts'
import { TokenFilter } from './token-filter.tsx'
import { TokensTable } from './tokens-table.tsx'

const RevokeDialog = lazily(() => import('./revoke-dialog.tsx'), 'RevokeDialog')
const RenameDialog = lazily(() => import('./rename-dialog.tsx'), 'RenameDialog')
const RotateDialog = lazily(() => import('./rotate-dialog.tsx'), 'RotateDialog')
const RevokeSeveralDialog = lazily(() => import('./revoke-several-dialog.tsx'), 'RevokeSeveralDialog')

interface TokenListProps {
  readonly asked: AskedList
  readonly list: Query<Listed>
  /** Fetches what shows a new token. */
  readonly prepare: () => Promise<unknown>
  readonly onRotated: (minted: MintedToken) => void
}

type Asking =
  | { readonly dialog: 'revoke' | 'rotate' | 'rename'; readonly token: Token }
  | { readonly dialog: 'revoke-several'; readonly tokens: readonly Token[] }

const nothing: ReadonlySet<string> = new Set()

export function TokenList({ asked, list, prepare, onRotated }: TokenListProps) {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const [params, setParams] = useSearchParams()
  const { filter, sort, order } = asked
  const count = useQuery({
    key: ['tokens', slug, 'count', filter],
    ask: () => countTokens(client, slug, filter),
    keepsLast: true,
  })
  const [selected, setSelected] = useState(nothing)
  const [asking, setAsking] = useState<Asking | undefined>(undefined)
  useSayCount(asked, list, ['token', ({ tokens }) => tokens.length])
  const close = () => setAsking(undefined)
  const shown = list.data?.tokens ?? []
  // Of what is on the page: a selection that nobody sees must not be revoked.
  const chosen = shown.filter(({ id, state }) => selected.has(id) && state === 'live')

  /** A new search begins at the first page. */
  function ask(changes: Readonly<Record<string, string>>): void {
    const next = new URLSearchParams(params)
    next.delete('cursor')
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') next.delete(name)
      else next.set(name, value)
    }
    setParams(next, { replace: true })
  }

  return (
    <section aria-label="Tokens of the organization">
      <TokenFilter filter={filter} onChange={ask} />
      <ListHead
        count={count.data}
        selected={chosen.length}
        onRevoke={() => setAsking({ dialog: 'revoke-several', tokens: chosen })}
        onClear={() => setSelected(nothing)}
      />
      <Load query={list} what="The tokens" skeleton={<RowsSkeleton rows={6} height="h-[3.75rem]" />}>
        {({ tokens, uses_known_since, next_cursor }) => (
          <div aria-busy={list.isLast} className={list.isLast ? 'opacity-60 transition-opacity' : ''}>
            {tokens.length === 0 ? (
              <NoTokens
                isFiltered={params.size > 0}
                usesKnownSince={filter.unused === undefined ? undefined : uses_known_since}
              />
            ) : (
              <TokensTable
                slug={slug}
                tokens={tokens}
                sort={sort}
                order={order}
                selected={selected}
                onSort={(by, direction) => ask({ sort: by, order: direction })}
                onSelect={setSelected}
                onRename={(token) => setAsking({ dialog: 'rename', token })}
                onRotate={(token) => setAsking({ dialog: 'rotate', token })}
                onRevoke={(token) => setAsking({ dialog: 'revoke', token })}
              />
            )}
            <Pager label="Pages of tokens" next={next_cursor} busy={list.isFetching} />
          </div>
        )}
      </Load>
      <Part fallback={null}>
        {asking?.dialog === 'revoke' && <RevokeDialog token={asking.token} slug={slug} onClose={close} />}
        {asking?.dialog === 'rename' && <RenameDialog token={asking.token} slug={slug} onClose={close} />}
        {asking?.dialog === 'rotate' && (
          <RotateDialog token={asking.token} slug={slug} prepare={prepare} onRotated={onRotated} onClose={close} />
        )}
        {asking?.dialog === 'revoke-several' && (
          <RevokeSeveralDialog
            slug={slug}
            tokens={asking.tokens}
            onRevoked={(ids) => setSelected(new Set([...selected].filter((id) => !ids.includes(id))))}
            onClose={close}
          />
        )}
      </Part>
    </section>
  )
}

interface NoTokensProps {
  readonly isFiltered: boolean
  /** Only if tokens were asked for that were not used for a time. */
  readonly usesKnownSince: string | undefined
}

function NoTokens({ isFiltered, usesKnownSince }: NoTokensProps) {
  if (usesKnownSince !== undefined) {
    const since = sayInstant(usesKnownSince)
    return <Empty title="No such tokens">Uses are known since {since}. What was used before, nobody can say.</Empty>
  }
  if (isFiltered) return <Empty title="No matching tokens">Try other words or other filters.</Empty>
  return <Empty title="No tokens yet">Create one above. Give it a name that says who uses it.</Empty>
}
