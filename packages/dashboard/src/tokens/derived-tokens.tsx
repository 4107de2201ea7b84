// The revoked ones among the tokens that holders narrowed from one token; and revoking another one.
import { useState } from 'react'

import type { ShownToken } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { Button } from '../ui/button.tsx'
import { Id } from '../ui/copy.tsx'
import { FormDialog } from '../ui/dialog.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { PasswordField } from '../ui/field.tsx'
import { Section } from '../ui/layout.tsx'
import { Time } from '../ui/time.tsx'

interface DerivedTokensProps {
  readonly token: Pick<ShownToken, 'id' | 'name' | 'state' | 'revoked_derived'>
  readonly slug: string
}

export function DerivedTokens({ token, slug }: DerivedTokensProps) {
  const [isRevoking, setRevoking] = useState(false)
  const { revoked_derived: revoked } = token
  if (token.state !== 'live' && revoked.length === 0) return null
  return (
    <Section
      title="Narrowed tokens"
      lead="Whoever holds this token can narrow it. If a narrowed one leaks, you can revoke that one alone."
      actions={token.state === 'live' && <Button onClick={() => setRevoking(true)}>Revoke a narrowed token</Button>}
    >
      {revoked.length > 0 && (
        <ul className="divide-y divide-line border-y border-line">
          {revoked.map(({ id, revoked_at, revoked_by }) => (
            <li key={id} className="py-3 wrap-anywhere">
              <Id>{id}</Id>
              <p className="text-small text-muted">
                Revoked <Time at={revoked_at} /> by {revoked_by}
              </p>
            </li>
          ))}
        </ul>
      )}
      {isRevoking && <RevokeDerivedDialog token={token} slug={slug} onClose={() => setRevoking(false)} />}
    </Section>
  )
}

function RevokeDerivedDialog({ token, slug, onClose }: DerivedTokensProps & { readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const [derived, setDerived] = useState('')
  const revocation = useMutation({
    run: () => client.revokeDerivedToken({ derived: derived.trim() }),
    async onSuccess() {
      await Promise.all([cache.invalidate(['tokens', slug]), cache.invalidate(['token'])])
      onClose()
    },
    said: () => 'The narrowed token is revoked.',
  })
  return (
    <FormDialog
      title="Revoke a narrowed token"
      action="Revoke token"
      kind="danger"
      disabled={derived.trim() === ''}
      request={revocation}
      fields={['derived']}
      onSubmit={() => revocation.mutate()}
      onClose={onClose}
    >
      <p className="text-muted">
        It stops working at once, with every token that was narrowed from it and all that they created. {token.name}{' '}
        itself and its other narrowed tokens stay valid. This cannot be undone.
      </p>
      <PasswordField
        label="Narrowed token"
        required
        autoComplete="off"
        hint="The token itself, or its name dt_… from the audit trail."
        value={derived}
        error={fieldError(revocation.error, 'derived')?.replace(/^Derived/, 'This')}
        onChange={(event) => setDerived(event.target.value)}
      />
    </FormDialog>
  )
}
