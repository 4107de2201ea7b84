// Asks before a trust policy is removed.
import type { TrustPolicy } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { useOrganisation } from '../shell/organisation.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'

interface RemoveDialogProps {
  readonly policy: TrustPolicy
  readonly onClose: () => void
}

export function RemoveDialog({ policy, onClose }: RemoveDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  const { slug } = useOrganisation()
  const removal = useMutation({
    run: () => client.removeTrustPolicy({ org_slug: slug, policy_id: policy.id }),
    async onSuccess() {
      await cache.invalidate(['trust', slug])
      onClose()
    },
    said: () => `${policy.name} is removed.`,
  })
  return (
    <ConfirmDialog
      title={`Remove ${policy.name}?`}
      action="Remove"
      request={removal}
      onConfirm={() => removal.mutate()}
      onClose={onClose}
    >
      <p>Its jobs get no more tokens. The tokens that they have stop working at once.</p>
    </ConfirmDialog>
  )
}
