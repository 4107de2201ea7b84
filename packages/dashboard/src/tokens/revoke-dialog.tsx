// Asks before a token is revoked, and names it.

import type { Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache, useMutation } from '../api/use-query.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'

interface RevokeDialogProps {
  readonly token: Token
  readonly slug: string
  readonly onClose: () => void
}

export function RevokeDialog({ token, slug, onClose }: RevokeDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  const revocation = useMutation({
    run: () => client.tokens.revoke(token.id),
    async onSuccess() {
      await Promise.all([cache.invalidate(['tokens', slug]), cache.invalidate(['token', token.id])])
      onClose()
    },
  })
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}?`}
      action="Revoke token"
      busy={revocation.isPending}
      error={revocation.error}
      onConfirm={() => revocation.mutate()}
      onClose={onClose}
    >
      <p>
        Everything that carries it stops working at once, and so does every token that was narrowed from it. This cannot
        be undone.
      </p>
      <p className="font-mono text-small">{token.id}</p>
    </ConfirmDialog>
  )
}
