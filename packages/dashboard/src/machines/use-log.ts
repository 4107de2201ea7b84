// Follows what a machine writes, for as long as somebody looks at it.
import { use, useEffect, useRef, useState } from 'react'

import { ApiError, type Client } from '@hallpass/client'

import { FailureContext } from '../api/use-query.ts'
import { addLines, type KeptLines } from './newest-lines.ts'

interface Log extends KeptLines {
  readonly isAsked: boolean
  /** Why the newest question failed. */
  readonly error: Error | null
  /** Whether fetching has stopped until somebody tries again. */
  readonly isOver: boolean
}

const empty: Log = { lines: [], isCut: false, isAsked: false, error: null, isOver: false }
const tail = 200
/** Milliseconds between two questions. None is left open: browsers have few connections to one server, for all tabs together. */
const pauses = { usual: 1500, more: 300, failed: 5000 } as const
/** So many lines come at once when there are more. */
const whole = 1000

export function useLog(client: Client, app: string, machine: string): Log & { readonly tryAgain: () => void } {
  const fail = use(FailureContext)
  const [log, setLog] = useState(empty)
  const askNow = useRef<() => void>(undefined)
  const token = useRef<string>(undefined)
  useEffect(() => {
    let isLeft = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const askAfter = (pause: number) => (timer = setTimeout(() => void ask(), pause))

    async function ask(): Promise<void> {
      if (document.hidden) return void askAfter(pauses.usual)
      try {
        const asked = { app_name: app, machine, tail, next_token: token.current }
        const { lines, next_token } = await client.readLogs(asked)
        if (isLeft) return
        token.current = next_token
        setLog((known) => ({ ...addLines(known, lines), isAsked: true, error: null, isOver: false }))
        askAfter(lines.length >= whole ? pauses.more : pauses.usual)
      } catch (cause) {
        if (isLeft) return
        const error = cause instanceof Error ? cause : new Error('unknown', { cause })
        fail(error)
        // A refusal is final. An authority that is busy or away may answer later.
        const isOver = error instanceof ApiError && error.status < 429
        setLog((known) => ({ ...known, isAsked: true, error, isOver }))
        if (!isOver) askAfter(pauses.failed)
      }
    }

    askNow.current = () => void ask()
    askNow.current()
    return () => {
      isLeft = true
      clearTimeout(timer)
    }
  }, [client, fail, app, machine])
  return { ...log, tryAgain: () => askNow.current?.() }
}
