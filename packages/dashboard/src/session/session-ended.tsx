// Over a page whose session ended: hides it, lets the same person in again, and the page is as they left it.
import { useRef } from 'react'

import type { User } from '@hallpass/client'

import { AuthCard } from '../ui/auth-card.tsx'
import { useShownModally } from '../ui/dialog.tsx'
import { LoginForm } from './login-form.tsx'
import { useSession } from './session.tsx'

export function SessionEnded({ user }: { readonly user: User }) {
  const { enter } = useSession()
  const dialog = useRef<HTMLDialogElement>(null)
  useShownModally(dialog)
  return (
    <dialog
      ref={dialog}
      aria-labelledby="session-ended"
      // A second Escape would close it although `cancel` was prevented.
      closedby="none"
      onCancel={(event) => event.preventDefault()}
      className="h-dvh max-h-none w-screen max-w-none overflow-y-auto bg-page text-ink"
    >
      <AuthCard
        titleId="session-ended"
        title="You are logged out"
        lead="Log in again to continue. What you typed is still there."
      >
        <LoginForm email={user.email} onEntered={enter} />
      </AuthCard>
    </dialog>
  )
}
