// `/dashboard/:org/tokens/:id`: one token, what it may do, and what happened with it.
import { useState } from 'react'
import { Link, Redirect, useParams } from 'wouter'

import type { RotatedToken, ShownToken, Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useCameFor } from '../tokens/came-for.ts'
import { DerivedTokens } from '../tokens/derived-tokens.tsx'
import { useAdminsOnly, useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { RenameDialog } from '../tokens/rename-dialog.tsx'
import { RevokeDialog } from '../tokens/revoke-dialog.tsx'
import { RotateDialog } from '../tokens/rotate-dialog.tsx'
import { canRotate, TokenState } from '../tokens/token-state.tsx'
import { useSayCount } from '../ui/announce.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton, Id } from '../ui/copy.tsx'
import { EventList } from '../ui/events.tsx'
import { LastUse } from '../ui/last-use.tsx'
import { BackLink, Empty, Fact, Facts, Section } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { FailureNotice, Notice } from '../ui/notice.tsx'
import { Pager, useCursor } from '../ui/pager.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { PageSkeleton, RowsSkeleton } from '../ui/skeleton.tsx'
import { Time } from '../ui/time.tsx'
import { sayOperation } from '../words/audit.ts'
import { sayInstant } from '../words/time.ts'
import { sayPerson } from '../words/people.ts'

const loadCreated = () => import('../tokens/created.tsx')
const Created = lazily(loadCreated, 'Created')
const Explained = lazily(() => import('../caveats/explained.tsx'), 'Explained')

export function TokenPage() {
  const { client } = useServices()
  const { slug, raw_slug } = useOrganisation()
  const { id } = useParams<{ id: string }>()
  const query = useQuery({ key: ['token', id], ask: () => client.showToken({ token_id: id }) })
  return (
    <>
      <BackLink href={`/dashboard/${slug}/tokens`}>Tokens</BackLink>
      <Load query={query} what="The token" skeleton={<PageSkeleton />}>
        {(token) =>
          token.org_slug === raw_slug ? (
            <Shown key={token.id} token={token} />
          ) : (
            // With the frame, the apps and the name of its own organisation.
            <Redirect to={`/dashboard/${token.org_slug}/tokens/${id}`} replace state={history.state} />
          )
        }
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
  const [isRenaming, setRenaming] = useState(false)
  const [isRevoking, setRevoking] = useState(false)
  useCameFor('isRevoking', token.state === 'live' ? setRevoking : undefined)
  const [isRotating, setRotating] = useState(false)
  const [rotated, setRotated] = useState<RotatedToken | undefined>(undefined)
  const apps = useQuery({ key: ['apps', slug], ask: () => client.listApps({ org_slug: slug }) })
  return (
    <>
      <PageHeader
        title={token.name}
        lead={<TokenState token={token} />}
        actions={
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setRenaming(true)}>Rename</Button>
            {canRotate(token) && <Button onClick={() => setRotating(true)}>Rotate</Button>}
            <ApproveButton token={token} />
            {token.state === 'live' && (
              <Button kind="danger" onClick={() => setRevoking(true)}>
                Revoke
              </Button>
            )}
          </div>
        }
      />
      {token.state === 'live' && token.blocked !== null && (
        <Notice tone="warn" className="mb-6">
          {token.blocked.sentence}
        </Notice>
      )}
      {rotated !== undefined && (
        <Part fallback={<div className="skeleton mb-8 h-72 rounded-card" />}>
          <div className="mb-8">
            <Created minted={rotated} organisation={organisation} onDone={() => setRotated(undefined)} />
          </div>
        </Part>
      )}
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
              , with the token <TokenLink slug={slug} id={token.minted_by} />
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
        {token.predecessor_id !== null && (
          <Fact name="Replaces">
            <Predecessor slug={slug} id={token.predecessor_id} />
          </Fact>
        )}
        {token.successor_id !== null && (
          <Fact name="Replaced by">
            <TokenLink slug={slug} id={token.successor_id} />
          </Fact>
        )}
        {token.revoked_at !== null && (
          <Fact name="Revoked">
            <Instant at={token.revoked_at} />
            {token.revoked_by !== null && ` by ${token.revoked_by}`}
          </Fact>
        )}
      </Facts>
      <Section title="Access" lead={leadOf(token)}>
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
      <DerivedTokens token={token} slug={slug} />
      <History id={token.id} />
      {isRenaming && <RenameDialog token={token} slug={slug} onClose={() => setRenaming(false)} />}
      {isRotating && (
        <RotateDialog
          token={token}
          slug={slug}
          prepare={loadCreated}
          onRotated={setRotated}
          onClose={() => setRotating(false)}
        />
      )}
      {isRevoking && <RevokeDialog token={token} slug={slug} onClose={() => setRevoking(false)} />}
    </>
  )
}

/** For an admin, where the token waits for one. */
function ApproveButton({ token }: { readonly token: ShownToken }) {
  const { client } = useServices()
  const cache = useCache()
  const adminsOnly = useAdminsOnly()
  const approval = useMutation({
    run: () => client.approveToken({ token_id: token.id }),
    onSettled: () => Promise.all([cache.invalidate(['token']), cache.invalidate(['tokens'])]),
    said: () => `${token.name} is approved.`,
  })
  if (token.blocked?.reason !== 'approval' || adminsOnly !== undefined) return null
  return (
    <>
      <FailureNotice error={approval.error} />
      <Button kind="primary" busy={approval.isPending} onClick={() => approval.mutate()}>
        Approve
      </Button>
    </>
  )
}

function leadOf({ state, successor_id }: Pick<Token, 'state' | 'successor_id'>): string | undefined {
  if (state !== 'live') return `Nothing: it is ${state}. Before that, it could do this.`
  return successor_id === null ? undefined : 'It was replaced, so it ends earlier than it says itself.'
}

/** The token that this one replaces, and its last use: whoever still has it must get the new one before it ends. */
function Predecessor({ slug, id }: { readonly slug: string; readonly id: string }) {
  const { client } = useServices()
  const { data: old } = useQuery({ key: ['token', id], ask: () => client.showToken({ token_id: id }) })
  return (
    <>
      <TokenLink slug={slug} id={id} />
      {old?.state === 'live' && (
        <>
          , which works until <Instant at={old.expires_at} />
        </>
      )}
      {old !== undefined && old.last_used_at !== null && (
        <>
          , last used <Time at={old.last_used_at} /> from <Id>{old.last_used_ip ?? 'an unknown address'}</Id>
        </>
      )}
    </>
  )
}

function TokenLink({ slug, id }: { readonly slug: string; readonly id: string }) {
  return (
    <Link href={`/dashboard/${slug}/tokens/${id}`} className="underline underline-offset-2">
      <Id>{id}</Id>
    </Link>
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
      <Time at={at} /> <span className="text-muted">({sayInstant(at)})</span>
    </>
  )
}
