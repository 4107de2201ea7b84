// `/dashboard/:org/settings`: the organisation's name and settings, and its deletion.
import { useState } from 'react'
import { useLocation } from 'wouter'

import type { MembershipDemand } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { TokenPolicySection } from '../limits/token-policy.tsx'
import { useMutation } from '../session/use-mutation.ts'
import { useAdminsOnly, useOrganisation } from '../shell/organisation.tsx'
import { PageHeader } from '../shell/page-header.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton, Id } from '../ui/copy.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { SelectField, TextField } from '../ui/field.tsx'
import { Fact, Facts, Section } from '../ui/layout.tsx'
import { ActionForm } from '../ui/form.tsx'
import { FailureNotice } from '../ui/notice.tsx'
import { Time } from '../ui/time.tsx'

export function SettingsPage() {
  const organisation = useOrganisation()
  const adminsOnly = useAdminsOnly()
  const [isDeleting, setDeleting] = useState(false)
  const isPersonal = organisation.type === 'PERSONAL'
  const whyNot =
    adminsOnly ??
    (isPersonal
      ? 'Your personal organization exists as long as your account.'
      : organisation.app_count > 0
        ? `It has ${organisation.app_count} app${organisation.app_count === 1 ? '' : 's'}: delete them first.`
        : undefined)
  return (
    <>
      <PageHeader title="Settings" lead={organisation.name} />
      <Rename />
      <Demand />
      <TokenPolicySection />
      <Section title="In programs" lead="How commands, programs and caveats name this organization.">
        <Facts>
          <Fact name="Slug">
            <span className="flex flex-wrap items-center justify-between gap-2">
              <Id>{organisation.raw_slug}</Id>
              <CopyButton text={organisation.raw_slug} what="slug" />
            </span>
          </Fact>
          <Fact name="Number">
            <span className="flex flex-wrap items-center justify-between gap-2">
              <Id>{organisation.internal_numeric_id}</Id>
              <CopyButton text={String(organisation.internal_numeric_id)} what="number" />
            </span>
          </Fact>
          <Fact name="Created">
            <Time at={organisation.created_at} />
          </Fact>
        </Facts>
      </Section>
      <Section title="Delete this organization" lead="All its tokens stop working. This cannot be undone.">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Button
            kind="danger"
            disabled={whyNot !== undefined}
            aria-describedby={whyNot === undefined ? undefined : 'why-not-delete'}
            onClick={() => setDeleting(true)}
          >
            Delete organization
          </Button>
          {whyNot !== undefined && (
            <p id="why-not-delete" className="text-muted">
              {whyNot}
            </p>
          )}
        </div>
      </Section>
      {isDeleting && <DeleteOrganisation onClose={() => setDeleting(false)} />}
    </>
  )
}

function Rename() {
  const { client } = useServices()
  const cache = useCache()
  const organisation = useOrganisation()
  const adminsOnly = useAdminsOnly()
  const [name, setName] = useState(organisation.name)
  const change = useMutation({
    run: () => client.updateOrganisation({ org_slug: organisation.slug, name: name.trim() }),
    onSuccess: () => Promise.all([cache.invalidate(['org', organisation.slug]), cache.invalidate(['orgs'])]),
  })
  const isSame = name.trim() === organisation.name || name.trim() === ''
  return (
    <Section title="Name" lead="The name is for people. Programs use the slug, which does not change.">
      <ActionForm
        className="flex max-w-120 flex-col gap-3"
        action="Rename"
        kind="secondary"
        disabled={adminsOnly !== undefined || isSame}
        request={change}
        fields={['name']}
        said={change.isSuccess && isSame ? 'Renamed.' : ''}
        onSubmit={() => {
          if (!isSame) change.mutate()
        }}
      >
        <TextField
          label="Name"
          autoComplete="off"
          disabled={adminsOnly !== undefined}
          hint={adminsOnly}
          value={name}
          error={fieldError(change.error, 'name')}
          onChange={(event) => setName(event.target.value)}
        />
      </ActionForm>
    </Section>
  )
}

const demands: readonly { readonly value: MembershipDemand; readonly label: string; readonly words: string }[] = [
  { value: 'none', label: 'Nothing more', words: 'A token works on its own until it expires or is revoked.' },
  {
    value: 'member',
    label: 'Membership',
    words: 'A token works while the person who created it is a member. Programs get the proof automatically.',
  },
  {
    value: 'login',
    label: 'Confirmation',
    words: 'The person who created a token also confirms its use in the browser from time to time.',
  },
]

function Demand() {
  const { client } = useServices()
  const cache = useCache()
  const { slug, require_membership_discharge: demand } = useOrganisation()
  const adminsOnly = useAdminsOnly()
  const change = useMutation({
    run: (value: MembershipDemand) =>
      client.updateOrganisation({ org_slug: slug, require_membership_discharge: value }),
    onSettled: () => cache.invalidate(['org', slug]),
    said: () => 'What new tokens require is changed.',
  })
  return (
    <Section title="Require membership" lead="For new tokens. Existing tokens stay as they are.">
      <div className="flex max-w-120 flex-col gap-3">
        <SelectField
          label="With the token, a program needs"
          value={demand}
          disabled={adminsOnly !== undefined}
          options={demands}
          hint={adminsOnly ?? demands.find(({ value }) => value === demand)?.words}
          onChange={(event) => {
            const chosen = demands.find(({ value }) => value === event.target.value)
            if (chosen !== undefined) change.mutate(chosen.value)
          }}
        />
        <FailureNotice error={change.error} />
      </div>
    </Section>
  )
}

function DeleteOrganisation({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const [, navigate] = useLocation()
  const { slug, name } = useOrganisation()
  const [typed, setTyped] = useState('')
  const deletion = useMutation({
    run: () => client.deleteOrganisation({ org_slug: slug }),
    async onSuccess() {
      navigate('/orgs')
      await cache.invalidate(['orgs'])
    },
    said: () => `${name} is deleted.`,
  })
  return (
    <ConfirmDialog
      title={`Delete ${name}?`}
      action="Delete organization"
      request={deletion}
      disabled={typed !== slug}
      onConfirm={() => deletion.mutate()}
      onClose={onClose}
    >
      <p>Its tokens stop working at once, everywhere. Its members lose access. This cannot be undone.</p>
      <div className="text-ink">
        <TextField
          label={`Type ${slug} to confirm`}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
    </ConfirmDialog>
  )
}
