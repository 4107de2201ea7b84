// The line above a list of tokens: how many there are, or how many are selected and what can be done with them.
import type { TokenCount } from '@hallpass/client'

import { Button } from '../ui/button.tsx'

interface ListHeadProps {
  /** Undefined while it is not known. */
  readonly count: TokenCount | undefined
  readonly selected: number
  readonly onRevoke: () => void
  readonly onClear: () => void
}

export function ListHead({ count, selected, onRevoke, onClear }: ListHeadProps) {
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-x-2 text-small text-muted">
      {selected === 0 ? (
        <p>{count === undefined ? '\u00a0' : sayCount(count)}</p>
      ) : (
        <>
          <p className="mr-auto font-medium text-ink">{selected} selected</p>
          <Button size="small" kind="quiet" onClick={onClear}>
            Clear selection
          </Button>
          <Button size="small" kind="quiet-danger" onClick={onRevoke}>
            Revoke {selected === 1 ? 'it' : `all ${selected}`}
          </Button>
        </>
      )}
    </div>
  )
}

function sayCount({ count, more }: TokenCount): string {
  const words = `${count.toLocaleString('en')} token${count === 1 ? '' : 's'}`
  return more ? `More than ${words}` : words
}
