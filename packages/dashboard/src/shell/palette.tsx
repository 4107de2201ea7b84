// What can be reached and done from anywhere, by typing a part of its name.
import { useState } from 'react'
import { useLocation } from 'wouter'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useSession } from '../session/session.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Combobox, type Choice } from './combobox.tsx'
import { pages } from './pages.ts'
import { useOrganisations } from './use-organisations.tsx'

interface PaletteProps {
  readonly slug: string
  readonly onClose: () => void
}

/** Few enough to be read. */
const mostFound = 8

export function Palette({ slug, onClose }: PaletteProps) {
  const { client } = useServices()
  const { logOut } = useSession()
  const [, navigate] = useLocation()
  const [typed, setTyped] = useState('')
  const text = typed.trim().toLowerCase()
  const { organisations, note, isUnknown } = useOrganisations(typed, mostFound)
  const apps = useQuery({
    key: ['apps', slug],
    ask: () => client.listApps({ org_slug: slug }),
    enabled: text.length > 1,
  }).data?.apps

  function goTo(path: string, state: Readonly<Record<string, boolean>> = {}): () => void {
    return () => {
      onClose()
      navigate(path, { state })
    }
  }
  const fits = ({ label, note = '' }: Choice) => `${label} ${note}`.toLowerCase().includes(text)
  const places: readonly Choice[] = [
    ...pages.map(({ page, label }) => ({ key: page, label, onTake: goTo(`/dashboard/${slug}/${page}`) })),
    { key: 'new', label: 'New token', note: 'create', onTake: goTo(`/dashboard/${slug}/tokens`, { isNew: true }) },
    { key: 'inspect', label: 'Inspect a token', onTake: goTo('/inspect') },
    { key: 'orgs', label: 'All organizations', onTake: goTo('/orgs') },
    { key: 'account', label: 'Account', note: 'password, passkeys, logins', onTake: goTo('/account') },
    {
      key: 'out',
      label: 'Log out',
      onTake() {
        onClose()
        void logOut()
      },
    },
  ]
  const found: readonly Choice[] =
    text === ''
      ? []
      : [
          ...(apps ?? []).map(({ name }) => ({
            key: `app ${name}`,
            label: name,
            note: 'app',
            onTake: goTo(`/dashboard/${slug}/machines/${name}`),
          })),
          ...organisations.map((each) => ({
            key: `org ${each.raw_slug}`,
            label: each.name,
            note: each.slug,
            onTake: goTo(`/dashboard/${each.slug}/tokens`),
          })),
        ]
  const choices = [...ofId(text), ...places.filter(fits), ...found.filter(fits).slice(0, mostFound)]
  return (
    <Dialog title="Go to or do" onClose={onClose}>
      <Combobox
        label="Go to or do"
        placeholder="A page, an organization, an app, or the id of a token"
        typed={typed}
        onType={setTyped}
        choices={choices}
        note={isUnknown ? note : choices.length === 0 ? 'Nothing has such a name.' : undefined}
      />
    </Dialog>
  )

  /** What can be done with the token that is meant. */
  function ofId(id: string): readonly Choice[] {
    if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id)) {
      const path = `/dashboard/${slug}/tokens/${id}`
      return [
        { key: 'open', label: 'Open this token', onTake: goTo(path) },
        { key: 'revoke', label: 'Revoke this token …', onTake: goTo(path, { isRevoking: true }) },
      ]
    }
    if (!/^[0-9a-f]{8}[0-9a-f-]*$/.test(id)) return []
    const path = `/dashboard/${slug}/tokens?state=all&search=${id}`
    return [{ key: 'find', label: `Find the token ${id}`, onTake: goTo(path) }]
  }
}
