// The organisations of a person that fit what they typed, a few at a time.
import { useEffect, useState } from 'react'

import type { Organisation } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { describeFailure } from '../ui/failure-words.ts'

interface FoundOrganisations {
  readonly organisations: readonly Organisation[]
  /** What to say below them, if anything. */
  readonly note: string | undefined
  /** Whether more may come, or would, had the authority answered. */
  readonly isUnknown: boolean
}

/** The pause in typing after which the authority is asked. */
const pause = 150

export function useOrganisations(typed: string, limit: number): FoundOrganisations {
  const { client } = useServices()
  const [search, setSearch] = useState(typed)
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), pause)
    return () => clearTimeout(timer)
  }, [typed])
  const { data, error, isLast } = useQuery({
    key: ['orgs', 'found', search, limit],
    ask: () => client.listOrganisations({ search, limit }),
    keepsLast: true,
  })
  const isUnknown = data === undefined || isLast || search !== typed.trim()
  if (error !== null && data === undefined) return { organisations: [], note: describeFailure(error), isUnknown }
  const known = data?.orgs ?? []
  if (!isUnknown) return { organisations: known, note: noteOf(data), isUnknown }
  // Enter must not take one of another search.
  const part = typed.trim().toLowerCase()
  const organisations = known.filter(({ name, slug }) => `${name}\n${slug}`.toLowerCase().includes(part))
  return { organisations, note: organisations.length === 0 ? 'Searching …' : undefined, isUnknown }
}

function noteOf({
  orgs,
  next_cursor,
}: {
  readonly orgs: readonly unknown[]
  readonly next_cursor?: string | undefined
}) {
  if (orgs.length === 0) return 'No organization has such a name.'
  return next_cursor === undefined ? undefined : 'There are more: type a part of the name.'
}
