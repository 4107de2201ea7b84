// Links to the next and the previous page of a list. The address has the cursor, so the browser's Back works.
import { useLocation, useSearch, useSearchParams } from 'wouter'
import { useHistoryState } from 'wouter/use-browser-location'

import { Button } from './button.tsx'

interface PagerProps {
  readonly label: string
  readonly next: string | undefined
  readonly busy: boolean
}

interface Came {
  /** The page before is the one that the browser goes back to. */
  readonly isFromPageBefore?: boolean
}

export function useCursor(): string | undefined {
  return new URLSearchParams(useSearch()).get('cursor') ?? undefined
}

export function Pager({ label, next, busy }: PagerProps) {
  const [params] = useSearchParams()
  const [path, navigate] = useLocation()
  const came = useHistoryState<Came | null>()
  const isFirst = !params.has('cursor')
  if (isFirst && next === undefined) return null

  function open(cursor: string | undefined, state: Came): void {
    const to = new URLSearchParams(params)
    if (cursor === undefined) to.delete('cursor')
    else to.set('cursor', cursor)
    navigate(to.size === 0 ? path : `${path}?${to}`, { state })
    scrollTo({ top: 0 })
  }

  return (
    <nav aria-label={label} className="mt-4 flex justify-end gap-2">
      <Button
        size="small"
        disabled={isFirst}
        busy={busy}
        onClick={() => (came?.isFromPageBefore === true ? history.back() : open(undefined, {}))}
      >
        {came?.isFromPageBefore === true || isFirst ? 'Previous' : 'First page'}
      </Button>
      <Button
        size="small"
        disabled={next === undefined}
        busy={busy}
        onClick={() => open(next, { isFromPageBefore: true })}
      >
        Next
      </Button>
    </nav>
  )
}
