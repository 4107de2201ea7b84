// `/orgs`: the organisations one belongs to, and a new one.
import { useState } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'

import type { Organisation } from '@hallpass/client'
import { holdsSecret } from '@hallpass/client/secret-text'

import { OwnInvitations } from '../account/own-invitations.tsx'
import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { PageHeader } from '../shell/page-header.tsx'
import { Button } from '../ui/button.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { controlClasses, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/dialog.tsx'
import { Empty } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { Pager, useCursor } from '../ui/pager.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

export function OrganisationsPage() {
  const { client } = useServices()
  const cursor = useCursor()
  const [params, setParams] = useSearchParams()
  const told = params.get('search') ?? ''
  const search = holdsSecret(told) ? '' : told
  const [wasSecret, setSecret] = useState(false)
  const query = useQuery({
    key: ['orgs', search, cursor],
    ask: () => client.listOrganisations({ search, limit: 50, cursor }),
    keepsLast: true,
  })
  const [isCreating, setCreating] = useState(false)
  return (
    <>
      <PageHeader
        title="Organizations"
        lead="Each has its own apps, members and tokens. A token works in one organization only."
        actions={
          <Button kind="primary" onClick={() => setCreating(true)}>
            New organization
          </Button>
        }
      />
      <Load query={query} what="Your organizations" skeleton={<RowsSkeleton height="h-16" />}>
        {({ orgs, next_cursor }) => (
          <>
            {(search !== '' || cursor !== undefined || next_cursor !== undefined) && (
              <search className="mb-4 block">
                <input
                  type="search"
                  aria-label="Search by name"
                  placeholder="Name"
                  maxLength={80}
                  autoComplete="off"
                  value={search}
                  onChange={({ target: { value } }) => {
                    setSecret(holdsSecret(value))
                    if (!holdsSecret(value)) setParams(value === '' ? {} : { search: value }, { replace: true })
                  }}
                  className={`${controlClasses} max-w-80`}
                />
                <output className="block text-small text-muted">
                  {wasSecret && 'That looks like a token or a code: it was removed and not sent.'}
                </output>
              </search>
            )}
            {orgs.length === 0 ? (
              <Empty title="No matching organizations">Try another name.</Empty>
            ) : (
              <List organisations={orgs} />
            )}
            <Pager label="Pages of organizations" next={next_cursor} busy={query.isFetching} />
          </>
        )}
      </Load>
      <OwnInvitations />
      {isCreating && <CreateDialog onClose={() => setCreating(false)} />}
    </>
  )
}

function List({ organisations }: { readonly organisations: readonly Organisation[] }) {
  return (
    <ul className="divide-y divide-line border-y border-line">
      {organisations.map(({ raw_slug, slug, name, type, role }) => (
        <li key={raw_slug} className="relative flex min-h-16 items-center gap-4 py-2 hover:bg-side">
          <div className="min-w-0 flex-1">
            <Link
              href={`/dashboard/${slug}/tokens`}
              title={name}
              className="block truncate font-medium after:absolute after:inset-0"
            >
              {name}
            </Link>
            <p className="truncate font-mono text-tiny text-muted">{slug}</p>
          </div>
          <span className="shrink-0 text-small text-muted">
            {type === 'PERSONAL' ? 'only you' : role === 'admin' ? 'admin' : 'member'}
          </span>
        </li>
      ))}
    </ul>
  )
}

function CreateDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const [, navigate] = useLocation()
  const [name, setName] = useState('')
  const [slug, setSlug] = useState('')
  const creation = useMutation({
    run: client.createOrganisation,
    onSuccess: async (made) => {
      await cache.invalidate(['orgs'])
      navigate(`/dashboard/${made.slug}/tokens`)
    },
    said: (made) => `${made.name} is created.`,
  })
  return (
    <FormDialog
      title="New organization"
      action="Create"
      request={creation}
      fields={['name', 'slug']}
      onSubmit={() => creation.mutate({ name, ...(slug === '' ? {} : { slug }) })}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        autoComplete="off"
        value={name}
        error={fieldError(creation.error, 'name')}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Slug"
        optional
        hint="Used in addresses and on the command line. Leave it empty to make it from the name."
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={slug}
        error={fieldError(creation.error, 'slug')}
        onChange={(event) => setSlug(event.target.value)}
      />
    </FormDialog>
  )
}
