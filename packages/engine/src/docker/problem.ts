// Why a run could not run its command: the init process in it says so in the log.
import { setTimeout as pause } from 'node:timers/promises'

import type { Exit } from '../engine.ts'
import type { DockerClient } from './client.ts'
import type { Container } from './container.ts'
import { errorOfWords } from '../words-of-engines.ts'
import { readFrames } from './frames.ts'

/** A sentence for people, and the exit code that a shell has for it; the sentence is undefined where the command ran. */
export async function problemOf(
  client: DockerClient,
  { Id: id, State: state }: Container,
): Promise<Pick<Exit, 'code' | 'problem'>> {
  const code = state.ExitCode
  if (state.Error !== undefined && state.Error !== '') return { code, problem: errorOfWords(state.Error).message }
  const ran = { code, problem: undefined }
  // tini ends with 1 for what is neither missing nor forbidden, and catatonit always.
  if (![1, 126, 127].includes(code)) return ran
  // How the run ended is known without it.
  const isAwaited = code === 1 && Date.parse(state.FinishedAt) - Date.parse(state.StartedAt) < 1000
  const words = await readErrors(client, id, isAwaited).catch(() => '')
  const [, command = '', why] = /^\[FATAL tini[^\]]*\] exec (.*) failed: (.*)/.exec(words) ?? []
  if (why !== undefined) return { code: codeOf(why), problem: `The command ${command} cannot be run: ${why}` }
  const [, other] = /^\S* ?\(?catatonit[^)]*\)?: failed to exec[^:]*: (.*)/.exec(words) ?? []
  if (other === undefined) return ran
  return { code: codeOf(other), problem: `The command cannot be run: ${other}` }
}

/** As shells have it. */
function codeOf(why: string): number {
  return /no such file/i.test(why) ? 127 : 126
}

/** Podman's log may come a moment after the end, and in parts. @param isAwaited whether it is looked for again */
async function readErrors(client: DockerClient, id: string, isAwaited: boolean): Promise<string> {
  for (let triesLeft = isAwaited ? 5 : 0; ; triesLeft -= 1) {
    const words = await readBeginning(client, id)
    if ((words !== '' && !/catatonit[^)]*\): $/.test(words)) || triesLeft === 0) return words
    await pause(20)
  }
}

/** Where the command did not run, there is nothing else in the log. */
async function readBeginning(client: DockerClient, id: string): Promise<string> {
  const source = await client.open({ path: ['containers', id, 'logs'], query: { stderr: true } })
  let words = ''
  try {
    for await (const { bytes } of readFrames(source)) {
      words += bytes.toString('utf8', 0, 1000)
      if (words.length > 1000) break
    }
  } finally {
    source.destroy()
  }
  return words
}
