// Sends signals in a run: to its main process, and to what an abandoned command has left.
import { setTimeout as pause } from 'node:timers/promises'

import { EngineError, notRunning } from '../engine-error.ts'
import { killScript, looked } from '../kill-script.ts'
import { runShort } from './channels.ts'
import type { Cluster } from './cluster.ts'
import { errorOfCommand } from './errors.ts'
import { ownFolder } from './names.ts'
import type { Seen } from './pod.ts'

/**
 * Sends a signal to the main process of a run that runs. Kubernetes has no call for it, so a program in the run does it: ours, or
 * where the node has another kind of processor, the image's shell.
 * @param signal its number
 * @throws EngineError `not_running`, `unsupported` where neither can run, `unavailable`
 */
export async function killMain({ client, timeoutMs }: Cluster, seen: Seen, signal: number): Promise<void> {
  const run = (argv: readonly string[]): Promise<{ readonly code: number }> =>
    runShort(client, { ...seen, argv, abort: AbortSignal.timeout(timeoutMs) }, (words) => errorOf(words, seen))
  const unable = (error: unknown): boolean => error instanceof EngineError && error.code === 'command_not_runnable'
  try {
    const { code } = await run([`${ownFolder}/kill`, String(signal)]).catch((error: unknown) => {
      if (!unable(error)) throw error
      return run(['sh', '-c', shellKill, String(signal)])
    })
    if (code === 0) return
    if (code === noProcess) throw notRunning(seen.runId)
    throw new EngineError('unsupported', 'The main process takes no signals of the user that the run has')
  } catch (error) {
    if (!(error instanceof EngineError && error.code === 'command_not_found')) throw error
    throw new EngineError('unsupported', 'The image has no shell that could send a signal', { cause: error })
  }
}

/**
 * A command that was just started may not be there yet.
 * @param mark in the environment of the command
 * @param isOver whether the command has ended
 */
export async function killMarked(
  { client, timeoutMs }: Cluster,
  seen: Seen,
  mark: string,
  isOver: () => boolean,
): Promise<void> {
  const argv = ['sh', '-c', killScript, mark]
  const abort = AbortSignal.timeout(timeoutMs)
  for (let tries = 0; tries < mostKills && !abort.aborted; tries += 1) {
    const wasOver = isOver()
    try {
      const { text } = await runShort(client, { ...seen, argv, abort }, (words) => errorOf(words, seen))
      if (wasOver && text.includes(looked)) return
    } catch {
      // The run may have ended, and the command with it; the caller finds out if the cluster went away.
      return
    }
    await pause(20)
  }
}

function errorOf(words: string, { runId }: Seen): EngineError {
  if (/container not found|not running|cannot exec in a (?:stopped|deleted)|task .* not found/i.test(words)) {
    return notRunning(runId)
  }
  return errorOfCommand(words)
}

const shellKill = 'i=2; until [ -d "/proc/$i" ]; do i=$((i+1)); done; kill "-$0" "$i"'
/** ESRCH */
const noProcess = 3
const mostKills = 20
