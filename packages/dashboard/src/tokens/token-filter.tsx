// Looks for tokens by a part of their names, by their state, and by how long nobody used them.
import { useEffect, useState } from 'react'

import { holdsSecret } from '@hallpass/client/secret-text'

import { controlClasses, Select } from '../ui/field.tsx'
import { lazily, Part } from '../ui/part.tsx'

const PastedCredential = lazily(() => import('./pasted-credential.tsx'), 'PastedCredential')

interface TokenFilterProps {
  readonly search: string
  readonly state: string
  readonly unused: string
  readonly onChange: (changes: Readonly<Record<string, string>>) => void
}

const usualTimes = [
  { value: '30d', label: 'Not used for 30 days' },
  { value: '90d', label: 'Not used for 90 days' },
  { value: '365d', label: 'Not used for a year' },
]

/** The pause in typing after which the authority is asked. */
const pause = 200

export function TokenFilter({ search, state, unused, onChange }: TokenFilterProps) {
  const [typed, setTyped] = useState(search)
  const [pasted, setPasted] = useState<string | undefined>(undefined)
  useEffect(() => {
    if (typed === search) return undefined
    const { pathname } = globalThis.location
    const timer = setTimeout(() => {
      // Do not bring the person back to this page if they have left it and the next one is still loading.
      if (globalThis.location.pathname === pathname) onChange({ search: typed })
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
    <>
      <search className="mb-3 flex flex-wrap gap-2">
        <input
          type="search"
          aria-label="Filter by name"
          placeholder="Filter by name"
          maxLength={128}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => take(event.target.value)}
          className={`${controlClasses} max-w-72 flex-1 basis-44`}
        />
        <div className="ml-auto w-44">
          <Select
            aria-label="Last use"
            value={unused}
            options={[
              { value: '', label: 'Used or not' },
              ...usualTimes,
              ...(unused === '' || usualTimes.some(({ value }) => value === unused)
                ? []
                : [{ value: unused, label: `Not used for ${unused}` }]),
            ]}
            onChange={(event) => onChange({ unused: event.target.value })}
          />
        </div>
        <div className="w-36">
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
      {pasted !== undefined && (
        <Part fallback={null}>
          <PastedCredential text={pasted} />
        </Part>
      )}
    </>
  )
}
