// Why a run could not run its command: the init process in it says so in the log.
import { setTimeout as pause } from 'node:timers/promises'

import type { DockerClient } from './client.ts'
import type { Container } from './container.ts'
import { errorOfWords } from './errors.ts'
import { readFrames } from './frames.ts'

/** A sentence for people; undefined where the command ran. */
export async function problemOf(
  client: DockerClient,
  { Id: id, State: state }: Container,
): Promise<string | undefined> {
  if (state.Error !== undefined && state.Error !== '') return errorOfWords(state.Error).message
  // tini ends with the codes of shells, catatonit with 1.
  if (![1, 126, 127].includes(state.ExitCode)) return undefined
  // How the run ended is known without it.
  const isAwaited = state.ExitCode === 1 && Date.parse(state.FinishedAt) - Date.parse(state.StartedAt) < 1000
  const line = await readLastError(client, id, isAwaited).catch(() => '')
  const [, command = '', why] = /^\[FATAL tini[^\]]*\] exec (.*) failed: (.*)/.exec(line) ?? []
  if (why !== undefined) return `The command ${command} cannot be run: ${why}`
  const [, other] = /^\S* ?\(?catatonit[^)]*\)?: failed to exec[^:]*: (.*)/.exec(line) ?? []
  return other === undefined ? undefined : `The command cannot be run: ${other}`
}

/** Podman's log may come a moment after the end. @param isAwaited whether it is looked for again where there is none */
async function readLastError(client: DockerClient, id: string, isAwaited: boolean): Promise<string> {
  for (let triesLeft = isAwaited ? 5 : 0; ; triesLeft -= 1) {
    const line = await readLine(client, id)
    if (line !== '' || triesLeft === 0) return line
    await pause(20)
  }
}

async function readLine(client: DockerClient, id: string): Promise<string> {
  const source = await client.open({ path: ['containers', id, 'logs'], query: { stderr: true, tail: 1 } })
  let line = ''
  try {
    for await (const { bytes } of readFrames(source)) {
      line += bytes.toString('utf8', 0, 1000)
      if (line.length > 1000) break
    }
  } finally {
    source.destroy()
  }
  return line
}
