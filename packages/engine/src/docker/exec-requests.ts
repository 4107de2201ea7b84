// The requests about a command in a run that more than one file makes.
import type { Daemon } from './daemon.ts'

interface ExecState {
  readonly Running: boolean
  readonly ExitCode: number | null
}

export async function createExec(daemon: Daemon, container: string, json: object): Promise<string> {
  const question = { method: 'POST', path: ['containers', container, 'exec'], json } as const
  return (await daemon.client.ask<{ readonly Id: string }>(question)).value.Id
}

export async function readState({ client }: Daemon, id: string): Promise<ExecState> {
  return (await client.ask<ExecState>({ path: ['exec', id, 'json'] })).value
}
