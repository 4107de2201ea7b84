// Asks before a member is removed, or leaves.
import { useLocation } from 'wouter'

import type { Member } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'

interface RemoveDialogProps {
  readonly member: Member
  readonly isSelf: boolean
  readonly onClose: () => void
}

export function RemoveDialog({ member, isSelf, onClose }: RemoveDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  const [, navigate] = useLocation()
  const { slug, name } = useOrganisation()
  const removal = useMutation({
    run: () => client.removeMember({ org_slug: slug, email: member.email }),
    async onSuccess() {
      if (isSelf) {
        navigate('/orgs')
        await cache.invalidate(['orgs'])
      } else {
        await cache.invalidate(['org', slug])
        onClose()
      }
    },
    said: () => (isSelf ? `You have left ${name}.` : `${member.email} is removed.`),
  })
  return (
    <ConfirmDialog
      title={isSelf ? `Leave ${name}?` : `Remove ${member.email}?`}
      action={isSelf ? 'Leave' : 'Remove'}
      request={removal}
      onConfirm={() => removal.mutate()}
      onClose={onClose}
    >
      <p>
        {isSelf ? 'You lose' : 'They lose'} all access to {name}. Tokens that {isSelf ? 'you' : 'they'} created stay
        valid until someone revokes them.
      </p>
    </ConfirmDialog>
  )
}
