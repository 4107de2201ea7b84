// Asks before a machine is destroyed, and says whether it runs.
import type { Machine } from '@hallpass/client'

import { useServices } from '../api/services.tsx'
import { useMutation } from '../session/use-mutation.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { useMachineChanged } from './machine-changed.ts'

interface DestroyDialogProps {
  readonly app: string
  readonly machine: Machine
  readonly onClose: () => void
}

/** What rests is destroyed without force, so that one that somebody has started meanwhile is not killed. */
const resting: ReadonlySet<Machine['state']> = new Set(['created', 'stopped', 'suspended', 'failed'])

export function DestroyDialog({ app, machine: { id, name, state }, onClose }: DestroyDialogProps) {
  const { client } = useServices()
  const changed = useMachineChanged(app, id)
  const force = !resting.has(state)
  const destruction = useMutation({
    run: () => client.deleteMachine({ app_name: app, machine_id: id, ...(force ? { force } : {}) }),
    onSuccess: onClose,
    onSettled: changed,
    said: () => `${name} is being destroyed.`,
  })
  return (
    <ConfirmDialog
      title={`Destroy ${name}?`}
      action="Destroy machine"
      request={destruction}
      onConfirm={() => destruction.mutate()}
      onClose={onClose}
    >
      <p>
        {force ? 'Its programs are killed at once. ' : ''}Its configuration and its log are removed too. This cannot be
        undone.
      </p>
      <p className="font-mono text-small">{id}</p>
    </ConfirmDialog>
  )
}
