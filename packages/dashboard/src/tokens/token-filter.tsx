// Looks for tokens by a part of their names, and by their state.
import { useEffect, useState } from 'react'

import { controlClasses, Select } from '../ui/field.tsx'

interface TokenFilterProps {
  readonly search: string
  readonly state: string
  readonly onChange: (changes: Readonly<Record<string, string>>) => void
}

/** So long nothing is typed before the authority is asked. */
const pause = 200

export function TokenFilter({ search, state, onChange }: TokenFilterProps) {
  const [typed, setTyped] = useState(search)
  useEffect(() => {
    if (typed === search) return undefined
    const timer = setTimeout(() => onChange({ search: typed }), pause)
    return () => clearTimeout(timer)
  }, [typed, search, onChange])
  return (
    <search className="mb-3 flex gap-2">
      <input
        type="search"
        aria-label="Filter by name"
        placeholder="Filter by name"
        maxLength={128}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className={`${controlClasses} max-w-72 flex-1`}
      />
      <div className="ml-auto w-36 shrink-0">
        <Select
          aria-label="State"
          value={state}
          options={[
            { value: 'live', label: 'Live' },
            { value: 'expired', label: 'Expired' },
            { value: 'revoked', label: 'Revoked' },
            { value: 'all', label: 'All states' },
          ]}
          onChange={(event) => onChange({ state: event.target.value === 'live' ? '' : event.target.value })}
        />
      </div>
    </search>
  )
}
