// Sets or changes the person's password.
import { useState } from 'react'

import { useServices } from '../api/services.tsx'
import { useCache, useQuery } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { ProofDialog, needsProof } from '../session/proof-dialog.tsx'
import { Check } from '../ui/choice.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { NewPasswordField, PasswordField } from '../ui/field.tsx'
import { ActionForm } from '../ui/form.tsx'
import { Section } from '../ui/layout.tsx'

export function Password({ email }: { readonly email: string }) {
  const { client } = useServices()
  const cache = useCache()
  const me = useQuery({ key: ['me', 'details'], ask: () => client.showCurrentUser() })
  const hasPassword = me.data?.has_password !== false
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const passkeys = useQuery({ key: ['passkeys'], ask: client.listPasskeys }).data?.passkeys ?? []
  const [ending, setEnding] = useState<readonly number[]>([])
  const [isAsked, setAsked] = useState(false)
  const change = useMutation({
    run: () =>
      client.changePassword({
        ...(hasPassword ? { current_password: current } : {}),
        new_password: next,
        end_passkeys: ending,
      }),
    async onSuccess() {
      setCurrent('')
      setNext('')
      setEnding([])
      await cache.invalidate(['sessions'])
      await cache.invalidate(['passkeys'])
      await cache.invalidate(['me', 'details'])
    },
  })
  const isProofNeeded = needsProof(change.error)
  return (
    <Section title="Password" lead="A new password ends all your other logins.">
      <ActionForm
        className="flex max-w-88 flex-col gap-4"
        action={hasPassword ? 'Change password' : 'Set password'}
        kind="secondary"
        request={isProofNeeded ? { ...change, error: null } : change}
        fields={['current_password', 'new_password']}
        said={change.isSuccess && next === '' ? 'Password changed.' : ''}
        onSubmit={() => {
          setAsked(true)
          change.mutate()
        }}
      >
        {/* For password managers, which store a password under its account. */}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        {hasPassword && (
          <PasswordField
            label="Current password"
            autoComplete="current-password"
            required
            value={current}
            error={fieldError(change.error, 'current_password')}
            onChange={(event) => setCurrent(event.target.value)}
          />
        )}
        <NewPasswordField
          label="New password"
          value={next}
          error={fieldError(change.error, 'new_password')}
          onChange={(event) => setNext(event.target.value)}
        />
        {passkeys.length > 0 && (
          <fieldset className="flex flex-col gap-1">
            <legend className="mb-1 font-medium">Passkeys to remove</legend>
            {passkeys.map(({ id, name }) => (
              <Check
                key={id}
                checked={ending.includes(id)}
                onChange={(checked) => setEnding(checked ? [...ending, id] : ending.filter((each) => each !== id))}
              >
                {name}
              </Check>
            ))}
            <p className="text-small text-muted">
              Passkeys that you do not select stay valid. Select every one that is not yours.
            </p>
          </fieldset>
        )}
      </ActionForm>
      {isAsked && isProofNeeded && <ProofDialog onProven={() => change.mutate()} onClose={() => setAsked(false)} />}
    </Section>
  )
}
