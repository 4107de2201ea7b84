// Who is here: asked of the authority, since the page itself cannot read the cookie.
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'

import { ApiError, type User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { FailureContext, useCache, useQuery, type Cache } from '../api/use-query.ts'
import { mayLeave } from '../ui/ask-before-leaving.ts'

export type Session =
  | { readonly state: 'asking' }
  | { readonly state: 'unknown'; readonly error: Error; readonly retry: () => void }
  | { readonly state: 'out' }
  /** Somebody was here until now; the page below keeps what they typed. */
  | { readonly state: 'ended'; readonly user: User }
  | { readonly state: 'in'; readonly user: User }

interface SessionControl {
  readonly session: Session
  /** A door has let this person in. */
  readonly enter: (user: User) => void
  /** Leaves nothing behind in this page: goes to another one, which starts from nothing. */
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
      // For another person nothing is fetched: the page starts from nothing.
      void cache.refetch(sessionKey).then((user) => {
        if (user !== null) void cache.invalidate([])
      })
    })
    return () => opened.close()
  }, [cache])

  const isOther = known !== undefined && data !== undefined && data !== null && data.id !== known.id
  useEffect(() => {
    // Nothing of one person may be left over for another.
    if (isOther) beginAnew(cache, '/')
  }, [cache, isOther])

  // This key alone, and not what begins so: that may be what failed.
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

/** Leaves no answer in this page, not even in one that the browser would bring back. */
function beginAnew(cache: Cache, path: string): void {
  cache.forget()
  addEventListener('pageshow', () => location.reload())
  location.assign(path)
  if (path.startsWith(`${location.pathname}#`)) location.reload()
}
