// Asks how a token is to be replaced: how long the old one works on, and how long the new one.
import { useState } from 'react'

import type { RotatedToken, Token } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useCache } from '../api/use-query.ts'
import { useMutation } from '../session/use-mutation.ts'
import { FormDialog } from '../ui/dialog.tsx'
import { SelectField } from '../ui/field.tsx'
import { presets } from './expiry.ts'
import { loadFirst } from './load-first.ts'

interface RotateDialogProps {
  readonly token: Token
  readonly slug: string
  /** Fetches what shows the new token: one that cannot be shown must not be made. */
  readonly prepare: () => Promise<unknown>
  readonly onRotated: (rotated: RotatedToken) => void
  readonly onClose: () => void
}

const graces = [
  { value: '0', label: 'Not at all: it is revoked at once' },
  { value: '1h', label: 'For 1 hour' },
  { value: '24h', label: 'For 1 day' },
  { value: '168h', label: 'For 7 days' },
] as const

const lifetimes = [
  { value: '', label: 'As long as the old one was' },
  ...presets.map(({ hours, label }) => ({ value: `${hours}h`, label: `For ${label}` })),
]

export function RotateDialog({ token, slug, prepare, onRotated, onClose }: RotateDialogProps) {
  const { client } = useServices()
  const cache = useCache()
  const [grace, setGrace] = useState('24h')
  const [expiry, setExpiry] = useState('')
  const rotation = useMutation({
    async run() {
      await loadFirst(prepare())
      return client.rotateToken({ token_id: token.id, grace, ...(expiry === '' ? {} : { expiry }) })
    },
    async onSuccess(rotated) {
      onClose()
      onRotated(rotated)
      await Promise.all([cache.invalidate(['tokens', slug]), cache.invalidate(['token'])])
    },
    said: () => `${token.name} is rotated.`,
  })
  return (
    <FormDialog
      title={`Rotate ${token.name}?`}
      action="Rotate token"
      request={rotation}
      onSubmit={() => rotation.mutate(undefined)}
      onClose={onClose}
    >
      <p className="text-muted">
        A new token takes the place of this one. It may do the same, and takes over the tokens that this one created.
      </p>
      <SelectField
        label="The old token works on"
        value={grace}
        options={graces}
        hint="It ends by itself, and creates no more tokens."
        onChange={(event) => setGrace(event.target.value)}
      />
      <SelectField
        label="The new token is valid"
        value={expiry}
        options={lifetimes}
        onChange={(event) => setExpiry(event.target.value)}
      />
    </FormDialog>
  )
}
