// Asks for a fresh proof with a password, a passkey or the provider, before a change that outlasts the login.
import { useState } from 'react'

import { ApiError, type User } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useQuery } from '../api/use-query.ts'
import { useMutation } from './use-mutation.ts'
import { FormDialog, Dialog } from '../ui/dialog.tsx'
import { PasswordField } from '../ui/field.tsx'
import { LoginMethods } from './login-methods.tsx'
import { useSession } from './session.tsx'

/** Whether the authority wants a proof first. */
export function needsProof(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'proof_needed'
}

interface ProofDialogProps {
  /** Continues the request. */
  readonly onProven: () => void
  readonly onClose: () => void
}

export function ProofDialog({ onProven, onClose }: ProofDialogProps) {
  const { client } = useServices()
  const { session, enter } = useSession()
  const me = useQuery({ key: ['me', 'details'], ask: () => client.showCurrentUser() })
  const [password, setPassword] = useState('')
  const email = session.state === 'in' ? session.user.email : ''
  // A proof is a new login that replaces the old one.
  function goOn(user: User): void {
    enter(user)
    onProven()
  }
  const login = useMutation({ run: () => client.webSignIn({ email, password }), onSuccess: ({ user }) => goOn(user) })
  const others = <LoginMethods returnPath={location.pathname} onEntered={goOn} />
  const lead = <p className="text-muted">You logged in a while ago. Confirm that it is still you.</p>
  if (me.data?.has_password === false) {
    return (
      <Dialog title="Is it still you?" onClose={onClose}>
        {lead}
        {others}
      </Dialog>
    )
  }
  return (
    <FormDialog
      title="Is it still you?"
      action="Continue"
      request={login}
      onSubmit={() => login.mutate()}
      onClose={onClose}
    >
      {lead}
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        label="Your password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {others}
    </FormDialog>
  )
}
