// `/orgs`: the organisations one belongs to, and a new one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'

import type { Organisation } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { describeFailure, fieldError } from '../ui/failure-words.ts'
import { Failure } from '../ui/failure.tsx'
import { TextField } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

export function OrganisationsPage() {
  const { client } = useServices()
  const { data, error, isFetching, refetch } = useQuery({ queryKey: ['orgs'], queryFn: client.organisations.list })
  const [isCreating, setCreating] = useState(false)
  return (
    <>
      <PageHeader
        title="Organisations"
        lead="Each has its own apps, members and tokens; a token of one is nothing in another."
        actions={
          <Button kind="primary" onClick={() => setCreating(true)}>
            New organisation
          </Button>
        }
      />
      {data !== undefined ? (
        <List organisations={data.orgs} />
      ) : error !== null ? (
        <Failure what="Your organisations" error={error} busy={isFetching} onRetry={() => void refetch()} />
      ) : (
        <RowsSkeleton height="h-16" />
      )}
      {isCreating && <CreateDialog onClose={() => setCreating(false)} />}
    </>
  )
}

function List({ organisations }: { readonly organisations: readonly Organisation[] }) {
  return (
    <ul className="divide-y divide-line border-y border-line">
      {organisations.map(({ raw_slug, slug, name, type, role }) => (
        <li key={raw_slug} className="relative flex h-16 items-center gap-4 hover:bg-side">
          <div className="min-w-0 flex-1">
            <Link
              href={`/dashboard/${slug}/tokens`}
              className="block truncate font-medium after:absolute after:inset-0"
            >
              {name}
            </Link>
            <p className="truncate font-mono text-tiny text-muted">{slug}</p>
          </div>
          <span className="shrink-0 text-small text-muted">
            {type === 'PERSONAL' ? 'yours alone' : role === 'admin' ? 'admin' : 'member'}
          </span>
        </li>
      ))}
    </ul>
  )
}

function CreateDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const queries = useQueryClient()
  const [, navigate] = useLocation()
  const [name, setName] = useState('')
  const [slug, setSlug] = useState('')
  const creation = useMutation({
    mutationFn: client.organisations.create,
    onSuccess: async (made) => {
      await queries.invalidateQueries({ queryKey: ['orgs'] })
      navigate(`/dashboard/${made.slug}/tokens`)
    },
  })
  const { error } = creation
  const nameError = fieldError(error, 'name')
  const slugError = fieldError(error, 'slug')
  return (
    <Dialog title="New organisation" onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          creation.mutate({ name, ...(slug === '' ? {} : { slug }) })
        }}
      >
        <TextField
          label="Name"
          required
          maxLength={80}
          autoComplete="off"
          value={name}
          error={nameError}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label="Slug"
          optional
          hint="Stands in addresses and on the command line; made from the name where it is empty."
          maxLength={63}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={slug}
          error={slugError}
          onChange={(event) => setSlug(event.target.value)}
        />
        {error !== null && nameError === undefined && slugError === undefined && (
          <Notice tone="bad" alert>
            {describeFailure(error)}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={creation.isPending}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
