// Invites a person, and hands out the link with which they come.
import { useState } from 'react'

import type { Invitation, Role } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { useAskBeforeLeaving } from '../ui/ask-before-leaving.ts'
import { Button } from '../ui/button.tsx'
import { CopyBox } from '../ui/copy.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { SelectField, TextField } from '../ui/field.tsx'
import { FormDialog } from '../ui/dialog.tsx'
import { Time } from '../ui/time.tsx'
import { roleOptions } from './role-select.tsx'

export function InviteDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useServices()
  const cache = useCache()
  const { slug } = useOrganisation()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('member')
  const invitation = useMutation({
    run: () => client.inviteMember({ org_slug: slug, email, role }),
    onSuccess: () => void cache.invalidate(['invitations', slug]),
  })
  if (invitation.data !== undefined) return <Invited invitation={invitation.data} onClose={onClose} />
  const emailError = fieldError(invitation.error, 'email')
  return (
    <FormDialog
      title="Invite a person"
      action="Invite"
      busy={invitation.isPending}
      error={emailError === undefined ? invitation.error : null}
      onSubmit={() => invitation.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Email"
        type="email"
        required
        autoComplete="off"
        value={email}
        error={emailError}
        onChange={(event) => setEmail(event.target.value)}
      />
      <SelectField
        label="Role"
        value={role}
        options={roleOptions}
        hint={
          role === 'admin' ? 'Decides who belongs to it, too.' : 'Makes and revokes tokens, and works with the apps.'
        }
        onChange={(event) => setRole(event.target.value === 'admin' ? 'admin' : 'member')}
      />
    </FormDialog>
  )
}

function Invited({ invitation, onClose }: { readonly invitation: Invitation; readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false)
  useAskBeforeLeaving(!isCopied, 'The link is shown this once, and you have not copied it. Leave without it?')
  return (
    <Dialog title={`${invitation.email} is invited`} stays={!isCopied} onClose={onClose}>
      <p className="text-muted">
        {invitation.mailed
          ? 'A mail with this link is on its way. You can also hand it over yourself.'
          : 'Hand over this link yourself: no mail was sent.'}{' '}
        It is shown this once, is good for one person, and ends <Time at={invitation.expires_at} />.
        {invitation.replaced && ' The earlier invitation of this address admits nobody any more.'}
      </p>
      <CopyBox text={invitation.url} what="link" kind="primary" onCopied={() => setCopied(true)} />
      <div className="flex justify-end">
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  )
}
