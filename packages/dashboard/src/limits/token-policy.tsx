// A part of the settings: the limits that an organisation sets for its tokens.
import { useState } from 'react'

import { ApiError, type TokenPolicy } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useAdminsOnly, useOrganisation } from '../shell/organisation.tsx'
import { Check } from '../ui/choice.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { TextField } from '../ui/field.tsx'
import { ActionForm } from '../ui/form.tsx'
import { Section } from '../ui/layout.tsx'
import { Load } from '../ui/load.tsx'
import { RowsSkeleton } from '../ui/skeleton.tsx'

export function TokenPolicySection() {
  const { client } = useServices()
  const { slug } = useOrganisation()
  const query = useQuery({ key: ['org', slug, 'policy'], ask: () => client.showTokenPolicy({ org_slug: slug }) })
  return (
    <Section
      title="Token policy"
      lead="Limits for all tokens. A token beyond a limit is blocked, not revoked: it works again once you loosen the limit."
    >
      <Load query={query} what="The token policy" skeleton={<RowsSkeleton />}>
        {(policy) => <PolicyForm policy={policy} />}
      </Load>
    </Section>
  )
}

type TextName = 'max_token_lifetime' | 'default_token_lifetime' | 'networks'

/** The policy as a person types it. */
type Draft = Omit<TokenPolicy, TextName> & { readonly [Name in TextName]: string }

function draftOf(policy: TokenPolicy): Draft {
  return {
    ...policy,
    max_token_lifetime: sayLifetime(policy.max_token_lifetime),
    default_token_lifetime: sayLifetime(policy.default_token_lifetime),
    networks: policy.networks.join(', '),
  }
}

function policyOf(draft: Draft): TokenPolicy {
  return {
    ...draft,
    max_token_lifetime: draft.max_token_lifetime.trim() || null,
    default_token_lifetime: draft.default_token_lifetime.trim() || null,
    networks: draft.networks.split(/[\s,]+/).filter((network) => network !== ''),
  }
}

/** `2160h0m0s` as people write it: `90d`. */
function sayLifetime(duration: string | null): string {
  const [, hours] = /^(\d+)h0m0s$/.exec(duration ?? '') ?? []
  if (hours === undefined) return duration ?? ''
  return Number(hours) % 24 === 0 ? `${Number(hours) / 24}d` : `${hours}h`
}

function PolicyForm({ policy }: { readonly policy: TokenPolicy }) {
  const { client } = useServices()
  const cache = useCache()
  const { slug } = useOrganisation()
  const adminsOnly = useAdminsOnly()
  const [draft, setDraft] = useState(() => draftOf(policy))
  const change = useMutation({
    run: () => client.updateTokenPolicy({ org_slug: slug, ...policyOf(draft) }),
    async onSuccess(changed) {
      setDraft(draftOf(changed))
      await Promise.all([cache.invalidate(['org', slug]), cache.invalidate(['token']), cache.invalidate(['tokens'])])
    },
  })
  const set = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes })
  const wrongNetworks = wrongPart(change.error, 'networks')
  const textOf = (name: TextName) => ({
    optional: true,
    autoComplete: 'off',
    value: draft[name],
    error: fieldError(change.error, name === 'networks' ? wrongNetworks : name),
    onChange: ({ target }: { readonly target: { readonly value: string } }) => set({ [name]: target.value }),
  })
  const isSame = JSON.stringify(draft) === JSON.stringify(draftOf(policy))
  return (
    <ActionForm
      className="flex max-w-120 flex-col gap-4"
      action="Save the policy"
      kind="secondary"
      disabled={adminsOnly !== undefined || isSame}
      request={change}
      fields={['max_token_lifetime', 'default_token_lifetime', wrongNetworks]}
      said={change.isSuccess && isSame ? 'Saved.' : ''}
      onSubmit={() => {
        if (!isSame) change.mutate()
      }}
    >
      <fieldset disabled={adminsOnly !== undefined} className="flex min-w-0 flex-col gap-4">
        <TextField
          label="Longest lifetime"
          {...textOf('max_token_lifetime')}
          hint={adminsOnly ?? 'For example 90d or 36h.'}
        />
        <TextField
          label="Default lifetime"
          {...textOf('default_token_lifetime')}
          hint="For tokens whose maker does not say."
        />
        <div className="flex min-w-0 flex-col">
          <Check checked={draft.tokens_may_mint} onChange={(is) => set({ tokens_may_mint: is })}>
            Tokens can create tokens
          </Check>
          <Check checked={draft.only_admins_mint} onChange={(is) => set({ only_admins_mint: is })}>
            Only admins create organization tokens
          </Check>
          <Check checked={draft.approval} onChange={(approval) => set({ approval })}>
            An admin approves new tokens that no admin created
          </Check>
        </div>
        <TextField
          label="Only from these networks"
          {...textOf('networks')}
          hint="For example 10.0.0.0/8, 2001:db8::/32."
        />
      </fieldset>
    </ActionForm>
  )
}

/** The field, or the part of it that is wrong: `networks.1`. */
function wrongPart(error: Error | null, field: string): string {
  return error instanceof ApiError && error.field?.startsWith(`${field}.`) === true ? error.field : field
}
