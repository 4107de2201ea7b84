// What somebody asked for on the way to a page: that it opens its form, or its dialog.
import { useEffect } from 'react'
import { useHistoryState } from 'wouter/use-browser-location'

/**
 * Takes the wish that the history holds, once: a reload or the browser's Back must not ask again.
 * @param take it must stay the same; undefined where the wish cannot be met
 */
export function useCameFor(wish: 'isNew' | 'isRevoking', take: ((isWished: true) => void) | undefined): void {
  const isWished = useHistoryState<Partial<Record<typeof wish, boolean>> | null>()?.[wish]
  useEffect(() => {
    if (isWished !== true || take === undefined) return
    history.replaceState(null, '')
    take(true)
  }, [isWished, take])
}
