// Hooks that ask the authority, and that change something there.
import { createContext, use, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'

import { useAnnounce } from '../ui/announce.ts'
import type { Cache, Key, Snapshot } from './cache.ts'

export const CacheContext = createContext<Cache | undefined>(undefined)

export function useCache(): Cache {
  const cache = use(CacheContext)
  if (cache === undefined) throw new Error('there is no cache here')
  return cache
}

interface QueryOptions<Data> {
  readonly key: Key
  readonly ask: () => Promise<Data>
  /** False where there is nothing to ask yet. */
  readonly enabled?: boolean
  readonly freshFor?: number
  /** Whether what was there under another key stays until this one is answered. */
  readonly keepsLast?: boolean
}

export interface Query<Data> extends Snapshot<Data> {
  /** What is shown belongs to another question, and this one is under way. */
  readonly isLast: boolean
  readonly refetch: () => void
}

const usuallyFreshFor = 5000

export function useQuery<Data>(options: QueryOptions<Data>): Query<Data> {
  const { enabled = true, freshFor = usuallyFreshFor, keepsLast = false } = options
  const cache = useCache()
  const name = JSON.stringify(options.key)
  // How to ask may be another function in every rendering; what is asked is told by the key.
  const newest = useRef(options)
  useEffect(() => {
    newest.current = options
  })
  const watch = useCallback(
    (changed: () => void) => {
      if (!enabled) return () => undefined
      const key: Key = JSON.parse(name)
      return cache.watch({ key, freshFor, ask: () => newest.current.ask() }, changed)
    },
    [cache, enabled, freshFor, name],
  )
  const snapshot = useSyncExternalStore(watch, () => cache.read(options.key)) as Snapshot<Data>
  const [last, setLast] = useState<Data | undefined>(undefined)
  if (keepsLast && snapshot.data !== undefined && snapshot.data !== last) setLast(snapshot.data)
  const isLast = keepsLast && snapshot.data === undefined && snapshot.error === null && last !== undefined
  return {
    ...snapshot,
    data: isLast ? last : snapshot.data,
    isLast,
    refetch: () => void cache.refetch(options.key),
  }
}

interface MutationOptions<Data, Variables> {
  readonly run: (variables: Variables) => Promise<Data>
  readonly onSuccess?: (data: Data) => unknown
  readonly onSettled?: () => unknown
  /** What is read out once it is done, where nothing else tells it to those who do not see the page. */
  readonly said?: (data: Data, variables: Variables) => string
}

interface MutationState<Data, Variables> {
  readonly isPending: boolean
  readonly isSuccess: boolean
  readonly data: Data | undefined
  readonly error: Error | null
  /** Of the newest run. */
  readonly variables: Variables | undefined
}

export interface Mutation<Data, Variables> extends MutationState<Data, Variables> {
  readonly mutate: (variables: Variables) => void
}

const idle = { isPending: false, isSuccess: false, data: undefined, error: null, variables: undefined } as const

/** One at a time: until what it leads to is done too, it is pending. */
export function useMutation<Data, Variables = void>(
  options: MutationOptions<Data, Variables>,
): Mutation<Data, Variables> {
  const cache = useCache()
  const announce = useAnnounce()
  const [state, setState] = useState<MutationState<Data, Variables>>(idle)

  async function run(variables: Variables): Promise<void> {
    setState({ ...idle, isPending: true, variables })
    try {
      const data = await options.run(variables)
      await options.onSuccess?.(data)
      await options.onSettled?.()
      setState({ ...idle, isSuccess: true, data, variables })
      if (options.said !== undefined) announce(options.said(data, variables))
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error('unknown', { cause })
      cache.notice(error)
      await options.onSettled?.()
      setState({ ...idle, error, variables })
    }
  }

  return { ...state, mutate: (variables) => void run(variables) }
}
