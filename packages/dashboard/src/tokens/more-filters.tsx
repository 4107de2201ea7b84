// Filters that few people need: the kind of a token, its app, who made it, and how long nobody used it.
import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { Button } from '../ui/button.tsx'
import { SelectField } from '../ui/field.tsx'
import { kinds, type AskedTokens } from './list-query.ts'

interface MoreFiltersProps {
  readonly filter: AskedTokens
  readonly onChange: (changes: Readonly<Record<string, string>>) => void
}

const times = [
  { value: '30d', label: 'Not for 30 days' },
  { value: '90d', label: 'Not for 90 days' },
  { value: '365d', label: 'Not for a year' },
]

export function MoreFilters({ filter, onChange }: MoreFiltersProps) {
  const { app = '', by = '', unused = '' } = filter
  const { client } = useServices()
  const { slug, members } = useOrganisation()
  const apps = useQuery({ key: ['apps', slug], ask: () => client.listApps({ org_slug: slug }) }).data?.apps ?? []
  return (
    <div className="flex flex-wrap items-end gap-2">
      <SelectField
        label="Kind"
        className="flex-1 basis-40"
        value={filter.kind ?? ''}
        options={[{ value: '', label: 'Every kind' }, ...kinds]}
        onChange={(event) => onChange({ kind: event.target.value })}
      />
      <SelectField
        label="App"
        className="flex-1 basis-40"
        value={app}
        options={withChosen(app, [{ value: '', label: 'Every app' }, ...apps.map(({ name }) => sameLabel(name))])}
        onChange={(event) => onChange({ app: event.target.value })}
      />
      <SelectField
        label="Created by"
        className="flex-1 basis-40"
        value={by}
        options={withChosen(by, [{ value: '', label: 'Anybody' }, ...members.map(({ email }) => sameLabel(email))])}
        onChange={(event) => onChange({ by: event.target.value })}
      />
      <SelectField
        label="Last use"
        className="flex-1 basis-40"
        value={unused}
        options={withChosen(unused, [{ value: '', label: 'Used or not' }, ...times], `Not for ${unused}`)}
        onChange={(event) => onChange({ unused: event.target.value })}
      />
      <Button kind="quiet" onClick={() => onChange({ kind: '', app: '', by: '', unused: '' })}>
        Clear
      </Button>
    </div>
  )
}

interface Option {
  readonly value: string
  readonly label: string
}

function sameLabel(value: string): Option {
  return { value, label: value }
}

/** With what is chosen, also where it is none of the usual ones. */
function withChosen(value: string, options: readonly Option[], label = value): readonly Option[] {
  return options.some((option) => option.value === value) ? options : [...options, { value, label }]
}
