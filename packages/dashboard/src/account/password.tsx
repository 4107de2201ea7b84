// Sets or changes one's password.
import { useState } from 'react'

import { useServices } from '../api/services.tsx'
import { useCache, useMutation, useQuery } from '../api/use-query.ts'
import { ProofDialog, needsProof } from '../session/proof-dialog.tsx'
import { Button } from '../ui/button.tsx'
import { Check } from '../ui/choice.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { PasswordField } from '../ui/field.tsx'
import { Section } from '../ui/layout.tsx'
import { FailureNotice } from '../ui/notice.tsx'

export function Password({ email }: { readonly email: string }) {
  const { client } = useServices()
  const cache = useCache()
  const me = useQuery({ key: ['me', 'details'], ask: () => client.users.current() })
  const hasPassword = me.data?.has_password !== false
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const passkeys = useQuery({ key: ['passkeys'], ask: client.passkeys.list }).data?.passkeys ?? []
  const [ending, setEnding] = useState<readonly number[]>([])
  const [isAsked, setAsked] = useState(false)
  const change = useMutation({
    run: () =>
      client.users.changePassword({
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
  const currentError = fieldError(change.error, 'current_password')
  const nextError = fieldError(change.error, 'new_password')
  return (
    <Section title="Password" lead="A new one ends every other login of yours.">
      <form
        className="flex max-w-88 flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          setAsked(true)
          change.mutate()
        }}
      >
        {/* For password managers, which keep a password by whose it is. */}
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        {hasPassword && (
          <PasswordField
            label="Current password"
            autoComplete="current-password"
            required
            value={current}
            error={currentError}
            onChange={(event) => setCurrent(event.target.value)}
          />
        )}
        <PasswordField
          label="New password"
          autoComplete="new-password"
          required
          minLength={8}
          hint="8 characters or more."
          value={next}
          error={nextError}
          onChange={(event) => setNext(event.target.value)}
        />
        {passkeys.length > 0 && (
          <fieldset className="flex flex-col gap-1">
            <legend className="mb-1 font-medium">Passkeys that end with the old password</legend>
            {passkeys.map(({ id, name }) => (
              <Check
                key={id}
                checked={ending.includes(id)}
                onChange={(checked) => setEnding(checked ? [...ending, id] : ending.filter((each) => each !== id))}
              >
                {name}
              </Check>
            ))}
            <p className="text-small text-muted">The others go on letting you in: end those that are not yours.</p>
          </fieldset>
        )}
        <FailureNotice
          error={
            currentError === undefined && nextError === undefined && !needsProof(change.error) ? change.error : null
          }
        />
        <div className="flex items-center gap-3">
          <Button type="submit" busy={change.isPending}>
            {hasPassword ? 'Change password' : 'Set password'}
          </Button>
          <output className="text-muted">{change.isSuccess && next === '' ? 'Changed.' : ''}</output>
        </div>
      </form>
      {isAsked && needsProof(change.error) && (
        <ProofDialog onProven={() => change.mutate()} onClose={() => setAsked(false)} />
      )}
    </Section>
  )
}
