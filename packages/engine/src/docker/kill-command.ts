// Kills a command that is left behind in a run of a Docker Engine, with all that it began.
import { setTimeout as pause } from 'node:timers/promises'

import { killScript, looked } from '../kill-script.ts'
import type { Daemon } from './daemon.ts'
import { createExec, readState } from './exec-requests.ts'

interface LeftCommand {
  /** Ids of the engine. */
  readonly container: string
  readonly id: string
  /** In the environment of the command. */
  readonly mark: string
  /** The limit of the run; undefined where it is not known. */
  readonly processes: number | undefined
}

/** A command that was just started may not be there yet, and what kills it may find no room. */
export async function killToEnd(daemon: Daemon, command: LeftCommand): Promise<void> {
  for (let tries = 0; tries < mostKills; tries += 1) {
    const hasLooked = await (tries === 0 ? killMarked(daemon, command) : killWithRoom(daemon, command))
    const state = await readState(daemon, command.id).catch(() => undefined)
    const isOver = state === undefined || (!state.Running && state.ExitCode !== null)
    if (isOver && (hasLooked || tries > 0)) return
    await pause(20)
  }
}

/**
 * Kills what has the mark in its environment, which children inherit, and all else in the same sessions: a child may have
 * been given another environment. A Docker Engine ends a command only with its container, so another command must do it,
 * with what the image has for it.
 * @returns whether it has looked at all processes
 */
async function killMarked(daemon: Daemon, { container, mark }: LeftCommand): Promise<boolean> {
  const output = { AttachStdout: true, AttachStderr: true }
  const json = { ...output, User: '0', Cmd: ['sh', '-c', killScript, mark] }
  let said = ''
  try {
    const id = await createExec(daemon, container, json)
    const path = ['exec', id, 'start']
    const socket = await daemon.client.takeOver({ method: 'POST', path, json: { Detach: false, Tty: false } })
    const timer = setTimeout(() => socket.destroy(), daemon.timeoutMs)
    for await (const piece of socket) said = (said + String(piece)).slice(-100)
    clearTimeout(timer)
  } catch {
    // The run has ended, and the command with it; or the engine went away, which the caller finds out.
  }
  return said.includes(looked)
}

/** The same where the run has as many processes as it may: for this moment it may have some more. Podman may refuse that. */
async function killWithRoom(daemon: Daemon, command: LeftCommand): Promise<boolean> {
  const { processes } = command
  const limit = async (most: number) => {
    const path = ['containers', command.container, 'update']
    await daemon.client.ask({ method: 'POST', path, json: { PidsLimit: most } }).catch(() => {})
  }
  if (processes === undefined) return killMarked(daemon, command)
  await limit(processes + roomForKill)
  try {
    return await killMarked(daemon, command)
  } finally {
    await limit(processes)
  }
}

const mostKills = 20
/** The threads of the engine's own program, which begins the command within the limit, and a child of that. */
const roomForKill = 16
