// Gives a token another name.
import { useState } from 'react'

import type { Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { FormDialog } from '../ui/dialog.tsx'
import { fieldError } from '../ui/failure-words.ts'
import { TextField } from '../ui/field.tsx'

interface RenameDialogProps {
  readonly token: Token
  readonly slug: string
  readonly onClose: () => void
}

export function RenameDialog({ token, slug, onClose }: RenameDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  const [name, setName] = useState(token.name)
  const renaming = useMutation({
    run: () => client.renameToken({ token_id: token.id, name: name.trim() }),
    async onSuccess() {
      await Promise.all([cache.invalidate(['tokens', slug]), cache.invalidate(['token'])])
      onClose()
    },
    said: () => 'Renamed.',
  })
  return (
    <FormDialog
      title={`Rename ${token.name}`}
      action="Rename"
      request={renaming}
      fields={['name']}
      onSubmit={() => renaming.mutate()}
      onClose={onClose}
    >
      <TextField
        label="Name"
        required
        autoComplete="off"
        value={name}
        error={fieldError(renaming.error, 'name')}
        onChange={(event) => setName(event.target.value)}
      />
    </FormDialog>
  )
}
