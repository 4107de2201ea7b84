// `/dashboard/:org/apps`
import { useState } from 'react'

import type { App } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { Button, LinkButton } from '../ui/button.tsx'
import { Id } from '../ui/copy.tsx'
import { ConfirmDialog, FormDialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { Empty, Row, Rows } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

type Open = { readonly dialog: 'create' } | { readonly dialog: 'delete'; readonly app: App }

export function AppsPage() {
  const { client } = useServices()
  const { slug, name } = useOrganisation()
  const query = useQuery({ key: ['apps', slug], ask: () => client.listApps({ org_slug: slug }) })
  const [open, setOpen] = useState<Open | undefined>(undefined)
  const close = () => setOpen(undefined)
  return (
    <>
      <PageHeader
        title="Apps"
        lead={`Tokens of ${name} create, change and run apps. An app name is unique across all organizations.`}
        actions={
          <Button kind="primary" onClick={() => setOpen({ dialog: 'create' })}>
            New app
          </Button>
        }
      />
      <Load query={query} what="The apps" skeleton={<RowsSkeleton />}>
        {({ apps }) =>
          apps.length === 0 ? (
            <Empty title="No apps yet">Create one here or on the command line: npx hallpass apps create</Empty>
          ) : (
            <Rows>
              {apps.map((app) => (
                <Row key={app.id} name={app.name} note={<Id>{app.internal_numeric_id}</Id>}>
                  <span className="text-small text-muted">{app.status}</span>
                  <LinkButton
                    kind="quiet"
                    size="small"
                    aria-label={`Machines of ${app.name}`}
                    href={`/dashboard/${slug}/machines/${app.name}`}
                  >
                    Machines
                  </LinkButton>
                  <Button
                    kind="quiet-danger"
                    size="small"
                    aria-label={`Delete ${app.name}`}
                    onClick={() => setOpen({ dialog: 'delete', app })}
                    className="-mr-2.5"
                  >
                    Delete
                  </Button>
                </Row>
              ))}
            </Rows>
          )
        }
      </Load>
      {open?.dialog === 'create' && <CreateApp onClose={close} />}
      {open?.dialog === 'delete' && <DeleteApp app={open.app} onClose={close} />}
    </>
  )
}

function CreateApp({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const [name, setName] = useState('')
  const changed = useAppsChanged(onClose)
  const creation = useMutation({
    run: () => client.createApp({ name, org_slug: slug }),
    onSuccess: changed,
    said: (made) => `The app ${made.name} is created.`,
  })
  return (
    <FormDialog
      title="New app"
      action="Create"
      request={creation}
      fields={['name']}
      onSubmit={() => creation.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        hint="a–z, 0–9 and hyphens."
        value={name}
        error={fieldError(creation.error, 'name')}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  )
}

function DeleteApp({ app, onClose }: { readonly app: App; readonly onClose: () => void }) {
  const { client } = useServices()
  const { machine_count: machines, volume_count: volumes } = app
  const changed = useAppsChanged(onClose)
  const deletion = useMutation({
    // Without force where none is shown: one that somebody has made meanwhile is not destroyed unseen.
    run: () => client.deleteApp({ app_name: app.name, ...(machines + volumes > 0 ? { force: true } : {}) }),
    onSuccess: changed,
    said: () => `The app ${app.name} is deleted.`,
  })
  return (
    <ConfirmDialog
      title={`Delete ${app.name}?`}
      action="Delete app"
      request={deletion}
      onConfirm={() => deletion.mutate()}
      onClose={onClose}
    >
      <p>
        {machines > 0 && `${machines === 1 ? 'Its machine is' : `Its ${machines} machines are`} destroyed at once. `}
        {volumes > 0 && `${volumes === 1 ? 'Its volume is' : `Its ${volumes} volumes are`} destroyed with all data. `}
        Its deploy tokens stop working. This cannot be undone.
      </p>
    </ConfirmDialog>
  )
}

function useAppsChanged(onClose: () => void): () => Promise<void> {
  const cache = useCache()
  const { slug } = useOrganisation()
  return async () => {
    await Promise.all([
      cache.invalidate(['apps', slug]),
      cache.invalidate(['org', slug]),
      cache.invalidate(['tokens', slug]),
    ])
    onClose()
  }
}
