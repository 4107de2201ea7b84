// Looks for another organisation and goes there.
import { useState } from 'react'
import { useLocation } from 'wouter'

import { Combobox } from './combobox.tsx'
import { useOrganisations } from './use-organisations.tsx'

interface OrganisationSwitcherProps {
  readonly slug: string
  readonly onLeave: () => void
}

export function OrganisationSwitcher({ slug, onLeave }: OrganisationSwitcherProps) {
  const [, navigate] = useLocation()
  const [typed, setTyped] = useState('')
  const { organisations, note } = useOrganisations(typed, 20)
  return (
    <Combobox
      label="Organization"
      placeholder="Find an organization"
      typed={typed}
      onType={setTyped}
      note={note}
      choices={organisations.map((each) => ({
        key: each.raw_slug,
        label: each.name,
        note: each.slug,
        isCurrent: each.slug === slug || each.raw_slug === slug,
        onTake() {
          onLeave()
          navigate(`/dashboard/${each.slug}/tokens`)
        },
      }))}
    />
  )
}
