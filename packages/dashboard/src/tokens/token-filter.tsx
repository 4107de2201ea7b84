// Looks for tokens by a part of their names or ids, and by their state; more filters are folded away.
import { useEffect, useRef, useState } from 'react'

import { holdsSecret } from '@hallpass/client/secret-text'

import { Button } from '../ui/button.tsx'
import { controlClasses, Select } from '../ui/field.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { states, type AskedTokens } from './list-query.ts'

const PastedCredential = lazily(() => import('./pasted-credential.tsx'), 'PastedCredential')
const MoreFilters = lazily(() => import('./more-filters.tsx'), 'MoreFilters')

interface TokenFilterProps {
  readonly filter: AskedTokens
  readonly onChange: (changes: Readonly<Record<string, string>>) => void
}

/** The pause in typing after which the authority is asked. */
const pause = 200

export function TokenFilter({ filter, onChange }: TokenFilterProps) {
  const { search = '', state } = filter
  const [typed, setTyped] = useState(search)
  const [pasted, setPasted] = useState<string | undefined>(undefined)
  const count = [filter.kind, filter.app, filter.by, filter.unused].filter((each) => each !== undefined).length
  const [isUnfolded, setUnfolded] = useState(count > 0)
  const asked = useRef(search)
  useEffect(() => {
    if (search === asked.current) return
    // Not from this field: the address is another one, by a link, the palette or the browser's Back.
    asked.current = search
    setTyped(search)
  }, [search])
  useEffect(() => {
    if (typed === search) return undefined
    const { pathname } = globalThis.location
    const timer = setTimeout(() => {
      // Do not bring the person back to this page if they have left it and the next one is still loading.
      if (globalThis.location.pathname !== pathname) return
      asked.current = typed
      onChange({ search: typed })
    }, pause)
    return () => clearTimeout(timer)
  }, [typed, search, onChange])

  /** A credential is removed from the field too, because addresses end up in histories and logs. */
  function take(text: string): void {
    const isSecret = holdsSecret(text)
    setPasted(isSecret ? text : undefined)
    setTyped(isSecret ? '' : text)
  }

  return (
    <search className="mb-2 block">
      <div className="flex flex-wrap gap-2">
        <input
          type="search"
          aria-label="Search by name or id"
          placeholder="Name or id"
          maxLength={128}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => take(event.target.value)}
          className={`${controlClasses} max-w-80 flex-1 basis-44`}
        />
        <div className="w-36">
          <Select
            aria-label="State"
            value={state}
            options={states}
            onChange={(event) => onChange({ state: event.target.value === 'live' ? '' : event.target.value })}
          />
        </div>
        <Button
          kind="quiet"
          aria-expanded={isUnfolded}
          aria-controls="more-filters"
          onClick={() => setUnfolded(!isUnfolded)}
        >
          {count === 0 ? 'Filters' : `Filters (${count})`}
        </Button>
      </div>
      <div id="more-filters" hidden={!isUnfolded} className="mt-2">
        {isUnfolded && (
          <Part fallback={<div className="skeleton h-[3.75rem]" />}>
            <MoreFilters filter={filter} onChange={onChange} />
          </Part>
        )}
      </div>
      {pasted !== undefined && (
        <Part fallback={null}>
          <PastedCredential text={pasted} />
        </Part>
      )}
    </search>
  )
}
