// Who is logged in: the authority says it, because the page cannot read the cookie.
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'

import { ApiError, type User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { FailureContext, useCache, useQuery, type Cache } from '../api/use-query.ts'
import { mayLeave } from '../ui/ask-before-leaving.ts'

export type Session =
  | { readonly state: 'asking' }
  | { readonly state: 'unknown'; readonly error: Error; readonly retry: () => void }
  | { readonly state: 'out' }
  /** The session has ended; the page below keeps what the person typed. */
  | { readonly state: 'ended'; readonly user: User }
  | { readonly state: 'in'; readonly user: User }

interface SessionControl {
  readonly session: Session
  /** Call it when this person has logged in. */
  readonly enter: (user: User) => void
  /** Loads another page, which starts with no state of this one. */
  readonly logOut: (goTo?: string) => Promise<void>
}

const sessionKey = ['me'] as const

const channelName = 'hallpass.session'
const SessionContext = createContext<SessionControl | undefined>(undefined)

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const { client } = useServices()
  const cache = useCache()
  const [known, setKnown] = useState<User | undefined>(undefined)
  const { data, error, refetch } = useQuery({
    key: sessionKey,
    ask: () => client.showCurrentUser().catch(nobodyIfUnauthenticated),
    // Somebody may have logged out in another tab or on another machine: ask again who is logged in.
    freshFor: 0,
  })
  if (data !== undefined && data !== null && known === undefined) setKnown(data)

  const channel = useRef<BroadcastChannel>(undefined)
  useEffect(() => {
    const opened = new BroadcastChannel(channelName)
    channel.current = opened
    opened.addEventListener('message', () => {
      // For another person the page is loaded again, and nothing is fetched before.
      void cache.refetch(sessionKey).then((user) => {
        if (user !== null) void cache.invalidate([])
      })
    })
    return () => opened.close()
  }, [cache])

  const isOther = known !== undefined && data !== undefined && data !== null && data.id !== known.id
  useEffect(() => {
    // One person must not see anything of another.
    if (isOther) beginAnew(cache, '/')
  }, [cache, isOther])

  // This key alone, without longer ones: their request may be the one that failed.
  const fail = useCallback((error: unknown) => void (isRefusal(error) && cache.refetch(sessionKey)), [cache])

  const control = useMemo(
    (): SessionControl => ({
      session: sessionOf({ data: isOther ? undefined : data, error, known, retry: refetch }),
      enter(user) {
        cache.set(sessionKey, user)
        void cache.invalidate([])
        channel.current?.postMessage('entered')
      },
      async logOut(goTo = '/login') {
        if (!mayLeave()) return
        await client.webSignOut()
        channel.current?.postMessage('left')
        beginAnew(cache, goTo)
      },
    }),
    [data, error, known, isOther, refetch, cache, client],
  )
  return (
    <FailureContext value={fail}>
      <SessionContext value={control}>{children}</SessionContext>
    </FailureContext>
  )
}

export function useSession(): SessionControl {
  const control = use(SessionContext)
  if (control === undefined) throw new Error('there is no session here')
  return control
}

interface Known {
  readonly data: User | null | undefined
  readonly error: Error | null
  readonly known: User | undefined
  readonly retry: () => void
}

function sessionOf({ data, error, known, retry }: Known): Session {
  if (data === undefined) return error === null ? { state: 'asking' } : { state: 'unknown', error, retry }
  if (data !== null) return { state: 'in', user: data }
  return known === undefined ? { state: 'out' } : { state: 'ended', user: known }
}

function nobodyIfUnauthenticated(error: unknown): null {
  if (isRefusal(error)) return null
  throw error
}

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'unauthenticated'
}

/** Removes all answers, so that not even a page that the browser restores has them. */
function beginAnew(cache: Cache, path: string): void {
  cache.forget()
  addEventListener('pageshow', () => location.reload())
  location.assign(path)
  if (path.startsWith(`${location.pathname}#`)) location.reload()
}
