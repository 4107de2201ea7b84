// A new account: with the setup code, or with an invitation.
import { useState, type ReactNode } from 'react'

import type { User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useMutation } from '../api/use-query.ts'
import { Button } from '../ui/button.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { PasswordField, TextField } from '../ui/field.tsx'
import { FailureNotice } from '../ui/notice.tsx'

interface SignUpFormProps {
  readonly admission: { readonly setup_code: string } | { readonly invitation: string }
  /** Given where the account can be for this address only. */
  readonly email?: string
  readonly action: string
  readonly before?: ReactNode
  readonly onEntered: (user: User) => void
}

export function SignUpForm({ admission, email: fixed, action, before, onEntered }: SignUpFormProps) {
  const { web } = useServices()
  const [email, setEmail] = useState(fixed ?? '')
  const [password, setPassword] = useState('')
  const signUp = useMutation({ run: web.signUp, onSuccess: onEntered })
  const { error } = signUp
  const emailError = fieldError(error, 'email')
  const passwordError = fieldError(error, 'password')
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        signUp.mutate({ email, password, ...admission })
      }}
    >
      <FailureNotice error={emailError === undefined && passwordError === undefined ? error : null} />
      {before}
      <TextField
        label="Email"
        type="email"
        autoComplete="username"
        required
        readOnly={fixed !== undefined}
        value={email}
        error={emailError}
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label="Password"
        autoComplete="new-password"
        required
        minLength={8}
        hint="8 characters or more."
        value={password}
        error={passwordError}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" kind="primary" busy={signUp.isPending}>
        {action}
      </Button>
    </form>
  )
}
