// The form that makes a token: every field is optional, and the form says beforehand what the token will be.
import { useState } from 'react'

import type { CaveatJson, MintedToken, OrganisationDetails } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { SelectField, TextField } from '../ui/field.tsx'
import { Fold } from '../ui/fold.tsx'
import { Form } from '../ui/form.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { lazily, Part } from '../ui/part.tsx'
import { useNow } from '../ui/time.tsx'
import { durationOf, type Expiry, lifetimesOf, problemOf } from './expiry.ts'
import { ExpiryWords } from './expiry-words.tsx'
import { loadFirst } from './load-first.ts'
import type { FilledIn } from './narrow-fields.tsx'
import type { Kind } from './read-narrowing.ts'

const NarrowFields = lazily(() => import('./narrow-fields.tsx'), 'NarrowFields')

interface CreateFormProps {
  readonly organisation: OrganisationDetails
  /** Fetches what shows the token: a token that cannot be shown must not be made. */
  readonly prepare: () => Promise<unknown>
  /** Called when the authority is asked for the token. */
  readonly onTried: () => void
  readonly onCreated: (minted: MintedToken) => void
  /** Absent where the form stays. */
  readonly onCancel?: (() => void) | undefined
}

export function CreateForm({ organisation, prepare, onTried, onCreated, onCancel }: CreateFormProps) {
  const { client } = useServices()
  const cache = useCache()
  const now = useNow()
  const { slug } = organisation
  const [name, setName] = useState('')
  const [chosen, setExpiry] = useState<Expiry | undefined>(undefined)
  const [kind, setKind] = useState<Kind>('org')
  const [app, setApp] = useState('')
  const [wasUnfolded, setUnfolded] = useState(false)
  const [filledIn, setFilledIn] = useState<FilledIn | undefined>(undefined)
  const [isTried, setTried] = useState(false)
  const apps = useQuery({ key: ['apps', slug], ask: () => client.listApps({ org_slug: slug }) })
  const policy = useQuery({ key: ['org', slug, 'policy'], ask: () => client.showTokenPolicy({ org_slug: slug }) })
  const { hours, presets } = lifetimesOf(policy.data)
  const expiry = chosen ?? { kind: 'preset', hours }
  const creation = useMutation({
    async run() {
      const [{ caveatsToJSON }] = await loadFirst(Promise.all([import('@hallpass/macaroon/json'), prepare()]))
      const added: readonly CaveatJson[] = JSON.parse(caveatsToJSON(narrowing?.caveats ?? []))
      const caveats = [...readingOnly(kind, organisation), ...added]
      return client.createToken({
        org_slug: slug,
        profile: kind === 'app' ? 'deploy' : 'deploy_organization',
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(kind === 'app' ? { app } : {}),
        expiry: durationOf(expiry, now),
        caveats,
      })
    },
    onSuccess(minted) {
      void cache.invalidate(['tokens', slug])
      onCreated(minted)
    },
  })

  const expiryProblem = problemOf(expiry, now)
  const narrowing = filledIn?.read(filledIn.value, kind)
  const narrowingProblems = narrowing?.problems ?? {}
  const appProblem = kind === 'app' && app === '' ? 'Choose an app.' : undefined
  const names = apps.data?.apps ?? []

  function submit(): void {
    setTried(true)
    if (expiryProblem !== undefined || appProblem !== undefined || Object.keys(narrowingProblems).length > 0) return
    onTried()
    creation.mutate()
  }

  return (
    <Form
      aria-label="New token"
      noValidate
      className="rounded-card border border-line"
      busy={creation.isPending}
      onSubmit={submit}
    >
      <div className="grid items-start gap-x-4 gap-y-5 p-5 narrow:grid-cols-2">
        <TextField
          label="Name"
          optional
          placeholder={kind === 'app' ? 'Deploy token' : 'Org deploy token'}
          autoComplete="off"
          value={name}
          error={fieldError(creation.error, 'name')}
          // Fetched when somebody begins to fill in the form, because they may be offline when they send it.
          onFocus={() => void prepare().catch(() => undefined)}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="flex min-w-0 flex-wrap gap-x-3 gap-y-5">
          <SelectField
            label="Expires"
            optional
            className="flex-1 basis-36"
            value={expiry.kind === 'preset' ? String(expiry.hours) : 'day'}
            options={[
              ...presets.map((preset) => ({ value: String(preset.hours), label: `In ${preset.label}` })),
              { value: 'day', label: 'On a day …' },
            ]}
            onChange={({ target: { value } }) =>
              setExpiry(value === 'day' ? { kind: 'day', day: '' } : { kind: 'preset', hours: Number(value) })
            }
          />
          {expiry.kind === 'day' && (
            <TextField
              label="Last day"
              type="date"
              className="flex-1 basis-36"
              value={expiry.day}
              min={localDay(now)}
              error={isTried ? expiryProblem : undefined}
              onChange={(event) => setExpiry({ kind: 'day', day: event.target.value })}
            />
          )}
        </div>
        <Choice<Kind>
          label="Access"
          value={kind}
          options={[
            { value: 'org', label: 'Everything' },
            { value: 'readonly', label: 'Read only' },
            { value: 'app', label: 'One app' },
          ]}
          onChange={setKind}
        />
        {kind === 'app' ? (
          <SelectField
            label="App"
            value={app}
            error={isTried ? appProblem : undefined}
            hint={
              apps.data !== undefined && names.length === 0
                ? 'There are no apps yet. Create one on the Apps page.'
                : undefined
            }
            options={[
              { value: '', label: apps.data === undefined ? 'Loading …' : 'Choose …', disabled: true },
              ...names.map((each) => ({ value: each.name, label: each.name })),
            ]}
            onChange={(event) => setApp(event.target.value)}
          />
        ) : (
          <p className="self-end text-muted wrap-anywhere narrow:pb-2">
            {kind === 'org'
              ? `Every app of ${organisation.name} and nothing outside it.`
              : `Reads everything in ${organisation.name} and changes nothing.`}
          </p>
        )}
      </div>
      <div className="border-t border-line">
        {/* The title says the limits even while the part is folded. */}
        <Fold
          title={(narrowing?.said ?? '') === '' ? 'Restrict further' : `Restricted further: ${narrowing?.said}`}
          className="px-5 py-3"
          onToggle={(isOpen) => setUnfolded(wasUnfolded || isOpen)}
        >
          {wasUnfolded && (
            <Part fallback={<div className="skeleton mx-5 mb-5 h-64" />}>
              <NarrowFields
                apps={names}
                kind={kind}
                filledIn={filledIn}
                problems={isTried ? narrowingProblems : {}}
                onChange={setFilledIn}
              />
            </Part>
          )}
        </Fold>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-b-card border-t border-line bg-side px-5 py-4">
        <ExpiryWords expiry={expiry} />
        <div className="flex w-full flex-wrap justify-end gap-2 narrow:w-auto">
          {onCancel !== undefined && (
            <Button kind="quiet" busy={creation.isPending} onClick={onCancel}>
              Cancel
            </Button>
          )}
          <Button type="submit" kind="primary" busy={creation.isPending} className="flex-1 narrow:flex-none">
            {kind === 'app' ? 'Create deploy token' : 'Create organization token'}
          </Button>
        </div>
        <FailureNotice error={creation.error} fields={['name']} className="w-full" />
      </div>
    </Form>
  )
}

/** As `hallpass tokens create readonly` narrows. */
function readingOnly(kind: Kind, { internal_numeric_id: id }: OrganisationDetails): readonly CaveatJson[] {
  return kind === 'readonly' ? [{ type: 'Organization', body: { id, mask: 'r' } }] : []
}

function localDay(now: number): string {
  const date = new Date(now)
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
}
