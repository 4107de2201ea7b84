// `/dashboard/:org/tokens`: make a token, list all, revoke one.
import { useState } from 'react'
import { useSearchParams } from 'wouter'

import type { MintedToken, Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { CreateForm } from '../tokens/create-form.tsx'
import { type Order, readListQuery, type Sort } from '../tokens/list-query.ts'
import { listTokens } from '../tokens/list-tokens.ts'
import { TokenFilter } from '../tokens/token-filter.tsx'
import { RevokeDialog } from '../tokens/revoke-dialog.tsx'
import { RotateDialog } from '../tokens/rotate-dialog.tsx'
import { TokensTable } from '../tokens/tokens-table.tsx'
import { useSayCount } from '../ui/announce.ts'
import { Empty } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Pager } from '../ui/pager.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'
import { sayDay } from '../words/time.ts'

const loadCreated = () => import('../tokens/created.tsx')
const Created = lazily(loadCreated, 'Created')

export function TokensPage() {
  const organisation = useOrganisation()
  const [minted, setMinted] = useState<MintedToken | undefined>(undefined)
  return (
    <>
      <PageHeader title="Tokens" lead={`Programs use tokens to work with ${organisation.name} and nothing else.`} />
      {minted === undefined ? (
        <CreateForm organisation={organisation} prepare={loadCreated} onCreated={setMinted} />
      ) : (
        <Part fallback={<div className="skeleton h-72 rounded-card" />}>
          <Created minted={minted} organisation={organisation} onDone={() => setMinted(undefined)} />
        </Part>
      )}
      <TokenList onRotated={setMinted} />
    </>
  )
}

function TokenList({ onRotated }: { readonly onRotated: (minted: MintedToken) => void }) {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const [params, setParams] = useSearchParams()
  const asked = readListQuery(params)
  const list = useQuery({
    key: ['tokens', slug, asked],
    ask: () => listTokens(client, slug, asked),
    keepsLast: true,
  })
  const [revoking, setRevoking] = useState<Token | undefined>(undefined)
  const [rotating, setRotating] = useState<Token | undefined>(undefined)
  useSayCount(asked, list, ['token', ({ tokens }) => tokens.length])

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
    <section aria-label="Tokens of the organization" className="mt-10">
      <TokenFilter search={asked.search ?? ''} state={asked.state} unused={asked.unused ?? ''} onChange={ask} />
      <Load query={list} what="The tokens" skeleton={<RowsSkeleton rows={6} height="h-[3.75rem]" />}>
        {({ tokens, uses_known_since, next_cursor }) => (
          <div aria-busy={list.isLast} className={list.isLast ? 'opacity-60 transition-opacity' : ''}>
            {tokens.length === 0 ? (
              <NoTokens
                isFiltered={asked.search !== undefined || params.has('cursor')}
                state={asked.state}
                usesKnownSince={asked.unused === undefined ? undefined : uses_known_since}
              />
            ) : (
              <TokensTable
                slug={slug}
                tokens={tokens}
                sort={asked.sort}
                order={asked.order}
                onSort={(sort: Sort, order: Order) => ask({ sort, order })}
                onRotate={setRotating}
                onRevoke={setRevoking}
              />
            )}
            <Pager label="Pages of tokens" next={next_cursor} busy={list.isFetching} />
          </div>
        )}
      </Load>
      {rotating !== undefined && (
        <RotateDialog
          token={rotating}
          slug={slug}
          prepare={loadCreated}
          onRotated={onRotated}
          onClose={() => setRotating(undefined)}
        />
      )}
      {revoking !== undefined && <RevokeDialog token={revoking} slug={slug} onClose={() => setRevoking(undefined)} />}
    </section>
  )
}

interface NoTokensProps {
  readonly isFiltered: boolean
  readonly state: string
  /** Only if tokens were asked for that were not used for a time. */
  readonly usesKnownSince: string | undefined
}

function NoTokens({ isFiltered, state, usesKnownSince }: NoTokensProps) {
  if (usesKnownSince !== undefined) {
    const since = sayDay(usesKnownSince)
    return <Empty title="No such tokens">Uses are known since {since}. What was used before, nobody can say.</Empty>
  }
  if (isFiltered) return <Empty title="No matching tokens">Try another name, or look at all states.</Empty>
  if (state === 'revoked') return <Empty title="No revoked tokens">Revoked tokens stay listed here.</Empty>
  if (state === 'expired') return <Empty title="No expired tokens">Expired tokens stay listed here.</Empty>
  return <Empty title="No tokens yet">Create one above. Give it a name that says who uses it, and an expiry.</Empty>
}
