// Adds a trust policy: which jobs of a CI service get tokens, and which.
import { useState } from 'react'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { Button } from '../ui/button.tsx'
import { Check } from '../ui/choice.tsx'
import { CopyBox } from '../ui/copy.tsx'
import { Dialog, FormDialog } from '../ui/dialog.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { SelectField, TextField } from '../ui/field.tsx'
import { Notice } from '../ui/notice.tsx'
import { services } from './services.ts'

const lifetimes = [
  { value: '5m', label: '5 minutes' },
  { value: '15m', label: '15 minutes' },
  { value: '1h', label: '1 hour' },
]

const plain = { autoComplete: 'off', autoCapitalize: 'none', spellCheck: false } as const

export function AddDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const { slug } = useOrganisation()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<string>(services[0].value)
  const [issuer, setIssuer] = useState('')
  const [id, setId] = useState('')
  const [branch, setBranch] = useState('')
  const [environment, setEnvironment] = useState('')
  const [app, setApp] = useState('')
  const [onlyReads, setOnlyReads] = useState(false)
  const [lifetime, setLifetime] = useState('15m')
  const service = services.find(({ value }) => value === chosen) ?? services[0]
  const addition = useMutation({
    run: () =>
      client.addTrustPolicy({
        org_slug: slug,
        name: name.trim(),
        issuer: service.issuer ?? issuer.trim(),
        claims: {
          [service.id.claim]: id.trim(),
          ...(branch.trim() === '' ? {} : service.branch?.(branch.trim())),
          ...(service.hasEnvironment && environment.trim() !== '' ? { environment: environment.trim() } : {}),
        },
        lifetime,
        ...(app.trim() === '' ? {} : { app: app.trim() }),
        caveats: onlyReads ? [{ type: 'Action', body: 'r' }] : [],
      }),
    onSuccess: () => void cache.invalidate(['trust', slug]),
  })
  if (addition.data !== undefined) {
    const { audience, issuer_problem: problem } = addition.data
    return (
      <Dialog title={`${addition.data.name} is added`} onClose={onClose}>
        {problem !== null && (
          <Notice tone="warn" alert>
            No job gets a token now: {problem}.
          </Notice>
        )}
        <p className="text-muted">A job asks {service.label} for an identity token with this audience:</p>
        <CopyBox text={audience} what="audience" />
        <p className="text-muted">
          It posts that to /oauth/token of this authority. The page docs/ci.md of Hallpass has the steps, ready to copy.
        </p>
        <div className="flex justify-end">
          <Button onClick={onClose}>Done</Button>
        </div>
      </Dialog>
    )
  }
  return (
    <FormDialog
      title="Trust CI jobs"
      action="Add"
      request={addition}
      fields={['name', 'issuer', 'app']}
      onSubmit={() => addition.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        autoComplete="off"
        value={name}
        error={fieldError(addition.error, 'name')}
        onChange={(event) => setName(event.target.value)}
      />
      <SelectField
        label="CI service"
        value={service.value}
        options={services}
        onChange={(event) => setChosen(event.target.value)}
      />
      {service.issuer === undefined && (
        <TextField
          label="Issuer"
          type="url"
          required
          {...plain}
          hint="The address that its identity tokens name, as https://gitlab.example.com."
          value={issuer}
          error={fieldError(addition.error, 'issuer')}
          onChange={(event) => setIssuer(event.target.value)}
        />
      )}
      <TextField
        label={service.id.label}
        required
        {...plain}
        hint={service.id.hint}
        value={id}
        onChange={(event) => setId(event.target.value)}
      />
      {service.branch !== undefined && (
        <TextField
          label="Branch"
          optional
          {...plain}
          hint="Jobs of every branch without it."
          value={branch}
          onChange={(event) => setBranch(event.target.value)}
        />
      )}
      {service.hasEnvironment && (
        <TextField
          label="Environment"
          optional
          {...plain}
          value={environment}
          onChange={(event) => setEnvironment(event.target.value)}
        />
      )}
      <TextField
        label="App"
        optional
        {...plain}
        hint="Tokens control this app only; every app of the organization without it."
        value={app}
        error={fieldError(addition.error, 'app')}
        onChange={(event) => setApp(event.target.value)}
      />
      <Check checked={onlyReads} onChange={setOnlyReads}>
        Tokens only read
      </Check>
      <SelectField
        label="Tokens expire after"
        value={lifetime}
        options={lifetimes}
        onChange={(event) => setLifetime(event.target.value)}
      />
    </FormDialog>
  )
}
