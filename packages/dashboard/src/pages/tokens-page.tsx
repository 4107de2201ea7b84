// `/dashboard/:org/tokens`: the tokens of an organisation, and a form that makes one.
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useSearchParams } from 'wouter'

import type { MintedToken } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useCameFor } from '../tokens/came-for.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { readListQuery } from '../tokens/list-query.ts'
import { listTokens } from '../tokens/list-tokens.ts'
import { TokenList } from '../tokens/token-list.tsx'
import { Button } from '../ui/button.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

const loadCreated = () => import('../tokens/created.tsx')
const Created = lazily(loadCreated, 'Created')
const CreateForm = lazily(() => import('../tokens/create-form.tsx'), 'CreateForm')

export function TokensPage() {
  const organisation = useOrganisation()
  const { client } = useServices()
  const { slug } = organisation
  const [params] = useSearchParams()
  const asked = readListQuery(params)
  const list = useQuery({
    key: ['tokens', slug, asked],
    ask: () => listTokens(client, slug, asked),
    keepsLast: true,
  })
  const [minted, setMinted] = useState<MintedToken | undefined>(undefined)
  const [isOpen, setOpen] = useState(false)
  // Its answer may be lost, and the list no longer empty: what was typed stays.
  const [isTried, setTried] = useState(false)
  useCameFor('isNew', setOpen)
  const opener = useRef<HTMLButtonElement>(null)
  // Nothing to look at, and one thing to do.
  const isEmpty = params.size === 0 && list.data?.tokens.length === 0
  const isMaking = minted === undefined && (isOpen || isEmpty || isTried)
  return (
    <>
      <PageHeader
        title="Tokens"
        lead={`Programs use tokens to work with ${organisation.name} and nothing else.`}
        actions={
          <Button
            ref={opener}
            kind="primary"
            aria-expanded={isMaking}
            onClick={() => {
              setOpen(!isOpen)
              setTried(false)
            }}
          >
            New token
          </Button>
        }
      />
      {minted !== undefined && (
        <Part fallback={<div className="skeleton mb-8 h-73 rounded-card" />}>
          <div className="mb-8">
            <Created minted={minted} organisation={organisation} onDone={() => setMinted(undefined)} />
          </div>
        </Part>
      )}
      {isMaking && (
        <Part fallback={<div className="skeleton mb-8 h-73 rounded-card" />}>
          <Opened isFocused={isOpen}>
            <CreateForm
              organisation={organisation}
              prepare={loadCreated}
              onTried={() => setTried(true)}
              onCreated={(made) => {
                setMinted(made)
                setOpen(false)
                setTried(false)
              }}
              onCancel={
                isEmpty
                  ? undefined
                  : () => {
                      setOpen(false)
                      setTried(false)
                      opener.current?.focus()
                    }
              }
            />
          </Opened>
        </Part>
      )}
      {list.data === undefined && list.error === null ? (
        // In the place of whatever comes first.
        <RowsSkeleton rows={6} height="h-[4.0625rem]" />
      ) : (
        <TokenList asked={asked} list={list} prepare={loadCreated} onRotated={setMinted} />
      )}
    </>
  )
}

/** Once its content is there, its first field has the focus if somebody asked for it. */
function Opened({ isFocused, children }: { readonly isFocused: boolean; readonly children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isFocused) box.current?.querySelector('input')?.focus()
  }, [isFocused])
  return (
    <div ref={box} className="mb-8">
      {children}
    </div>
  )
}
