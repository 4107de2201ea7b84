// A new account: with the setup code, or with an invitation.
import { useState, type ReactNode } from 'react'

import type { User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useMutation } from './use-mutation.ts'
import { fieldError } from '../ui/failure-words.ts'
import { NewPasswordField, TextField } from '../ui/field.tsx'
import { ActionForm } from '../ui/form.tsx'

interface SignUpFormProps {
  readonly admission: { readonly setup_code: string } | { readonly invitation: string }
  /** Given where the account can be for this address only. */
  readonly email?: string
  readonly action: string
  readonly before?: ReactNode
  readonly onEntered: (user: User) => void
}

export function SignUpForm({ admission, email: fixed, action, before, onEntered }: SignUpFormProps) {
  const { client } = useServices()
  const [email, setEmail] = useState(fixed ?? '')
  const [password, setPassword] = useState('')
  const signUp = useMutation({ run: client.webSignUp, onSuccess: ({ user }) => onEntered(user) })
  const { error } = signUp
  return (
    <ActionForm
      action={action}
      request={signUp}
      fields={['email', 'password']}
      onSubmit={() => signUp.mutate({ email, password, ...admission })}
    >
      {before}
      <TextField
        label="Email"
        type="email"
        autoComplete="username"
        required
        readOnly={fixed !== undefined}
        value={email}
        error={fieldError(error, 'email')}
        onChange={(event) => setEmail(event.target.value)}
      />
      <NewPasswordField
        label="Password"
        value={password}
        error={fieldError(error, 'password')}
        onChange={(event) => setPassword(event.target.value)}
      />
    </ActionForm>
  )
}
