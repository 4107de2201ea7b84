// `/dashboard/:org/tokens/:id`: one token, what it may do, and what happened with it.
import { useState } from 'react'
import { Link, useParams } from 'wouter'

import type { ShownToken, Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { RevokeDialog } from '../tokens/revoke-dialog.tsx'
import { TokenState } from '../tokens/tokens-table.tsx'
import { useSayCount } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton, Id } from '../ui/copy.tsx'
import { EventList } from '../ui/events.tsx'
import { LastUse } from '../ui/last-use.tsx'
import { BackLink, Empty, Fact, Facts, Section } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Notice } from '../ui/notice.tsx'
import { Pager, useCursor } from '../ui/pager.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { PageSkeleton, RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'
import { sayOperation } from '../words/audit.ts'
import { sayExactly } from '../words/time.ts'
import { sayPerson } from '../words/people.ts'

const Explained = lazily(() => import('../caveats/explained.tsx'), 'Explained')

export function TokenPage() {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const { id } = useParams<{ id: string }>()
  const query = useQuery({ key: ['token', id], ask: () => client.showToken({ token_id: id }) })
  return (
    <>
      <BackLink href={`/dashboard/${slug}/tokens`}>Tokens</BackLink>
      <Load query={query} what="The token" skeleton={<PageSkeleton />}>
        {(token) => <Shown token={token} />}
      </Load>
    </>
  )
}

const kinds: Readonly<Record<Token['profile'], string>> = {
  deploy_organization: 'Organization token',
  deploy: 'Deploy token',
  litefs_cloud: 'LiteFS Cloud token',
}

function Shown({ token }: { readonly token: ShownToken }) {
  const { client } = useServices()
  const organisation = useOrganisation()
  const { slug } = organisation
  const [isRevoking, setRevoking] = useState(false)
  const apps = useQuery({ key: ['apps', slug], ask: () => client.listApps({ org_slug: slug }) })
  return (
    <>
      <PageHeader
        title={token.name}
        lead={<TokenState token={token} />}
        actions={
          token.state === 'live' && (
            <Button kind="danger" onClick={() => setRevoking(true)}>
              Revoke
            </Button>
          )
        }
      />
      <Facts>
        <Fact name="Id">
          <span className="flex flex-wrap items-center justify-between gap-2">
            <Id>{token.id}</Id>
            <CopyButton text={token.id} what="id" />
          </span>
        </Fact>
        <Fact name="Kind">
          {kinds[token.profile]}
          {token.app !== null && ` for ${token.app}`}
        </Fact>
        <Fact name="Created">
          <Instant at={token.created_at} /> by{' '}
          {token.trust_policy === null ? (
            sayPerson(token.created_by, token.created_by_proven)
          ) : (
            <Link href={`/dashboard/${slug}/trust`} className="underline underline-offset-2">
              a CI job
            </Link>
          )}
          {token.minted_by !== null && (
            <>
              , with the token{' '}
              <Link href={`/dashboard/${slug}/tokens/${token.minted_by}`} className="underline underline-offset-2">
                <Id>{token.minted_by}</Id>
              </Link>
            </>
          )}
        </Fact>
        <Fact name={token.state === 'expired' ? 'Expired' : 'Expires'}>
          <Instant at={token.expires_at} />
        </Fact>
        <Fact name="Last used">
          <LastUse at={token.last_used_at} madeAt={token.created_at} knownSince={token.last_use_known_since} />
          {token.last_used_operation !== null && ` (${sayOperation(token.last_used_operation)})`}
          {token.last_used_agent !== null && token.last_used_agent !== '' && ` by ${token.last_used_agent}`}
        </Fact>
        {token.used_from.length > 0 && (
          <Fact name="Used from">
            <ul>
              {token.used_from.map(({ ip, at }) => (
                <li key={ip}>
                  <Id>{ip}</Id>, last <Instant at={at} />
                </li>
              ))}
            </ul>
          </Fact>
        )}
        {token.revoked_at !== null && (
          <Fact name="Revoked">
            <Instant at={token.revoked_at} />
            {token.revoked_by !== null && ` by ${token.revoked_by}`}
          </Fact>
        )}
      </Facts>
      <Section
        title="What it may do"
        lead={token.state === 'live' ? undefined : `Nothing: it is ${token.state}. Before that, it could do this.`}
      >
        {token.caveats === null ? (
          <Notice>
            Hallpass did not record the caveats of this token. Anyone who holds it can paste it into the{' '}
            <Link href="/inspect" className="underline underline-offset-2">
              inspector
            </Link>
            .
          </Notice>
        ) : (
          <Part fallback={<div className="skeleton h-40" />}>
            <Explained caveats={token.caveats} organisation={organisation} apps={apps.data?.apps ?? []} isWhole />
          </Part>
        )}
      </Section>
      <History id={token.id} />
      {isRevoking && <RevokeDialog token={token} slug={slug} onClose={() => setRevoking(false)} />}
    </>
  )
}

function History({ id }: { readonly id: string }) {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const cursor = useCursor()
  const query = useQuery({
    key: ['token', id, 'history', cursor],
    ask: () => client.showTokenHistory({ token_id: id, limit: 20, cursor }),
  })
  useSayCount(cursor, query, ['event', ({ events }) => events.length])
  return (
    <Section title="History" lead="What this token did, and what happened to it.">
      <Load query={query} what="Its history" skeleton={<RowsSkeleton />}>
        {({ events, next_cursor }) => (
          <>
            {events.length === 0 ? (
              <Empty title="No events yet">
                Everything that this token does, and every change to it, appears here.
              </Empty>
            ) : (
              <EventList events={events} slug={slug} />
            )}
            <Pager label="Pages of its history" next={next_cursor} busy={query.isFetching} />
          </>
        )}
      </Load>
    </Section>
  )
}

/** Relative and exact, because there is room. */
function Instant({ at }: { readonly at: string }) {
  return (
    <>
      <Time at={at} /> <span className="text-muted">({sayExactly(at)})</span>
    </>
  )
}
