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
  return (
    <FormDialog
      title="Invite a person"
      action="Invite"
      request={invitation}
      fields={['email']}
      onSubmit={() => invitation.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Email"
        type="email"
        required
        autoComplete="off"
        value={email}
        error={fieldError(invitation.error, 'email')}
        onChange={(event) => setEmail(event.target.value)}
      />
      <SelectField
        label="Role"
        value={role}
        options={roleOptions}
        hint={
          role === 'admin'
            ? 'Can also invite, remove and change members.'
            : 'Can create and revoke tokens and manage apps.'
        }
        onChange={(event) => setRole(event.target.value === 'admin' ? 'admin' : 'member')}
      />
    </FormDialog>
  )
}

function Invited({ invitation, onClose }: { readonly invitation: Invitation; readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false)
  useAskBeforeLeaving(!isCopied, 'This link is shown only once, and you have not copied it. Leave anyway?')
  return (
    <Dialog title={`${invitation.email} is invited`} stays={!isCopied} onClose={onClose}>
      <p className="text-muted">
        {invitation.mailed
          ? 'A mail with this link is on its way. You can also send the link yourself.'
          : 'No mail was sent: send this link yourself.'}{' '}
        The link is shown only once, works for one person and expires <Time at={invitation.expires_at} />.{' '}
        {invitation.replaced && ' The earlier invitation to this address no longer works.'}
      </p>
      <CopyBox text={invitation.url} what="link" kind="primary" onCopied={() => setCopied(true)} />
      <div className="flex justify-end">
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  )
}
