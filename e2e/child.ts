// An authority in a process of its own, whose log can be read and which can be killed.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { inject } from 'vitest'

import type { ServeOptions } from '../packages/authority/src/main.ts'
import { createDirectory, optionsFor } from './authority.ts'
import { createAsk, type Ask } from './http.ts'

export interface ChildAuthority {
  readonly url: string
  readonly ask: Ask
  /** All that it has written to its log. */
  log(): string
  /** Sends the signal and waits for the end; returns the exit code, null if the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const program = join(inject('programs'), 'serve-child.js')

/** Starts it on a data directory; with every word that it can log, and more words for Node. */
export async function startChild(
  directory: string,
  overrides: Partial<ServeOptions> = {},
  words: readonly string[] = [],
): Promise<ChildAuthority> {
  const options = { ...optionsFor(directory), logLevel: 'debug', ...overrides }
  const child = spawn(process.execPath, [...words, program, JSON.stringify(options)], {
    stdio: 'pipe',
  })
  // Its last words come after its exit.
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim()))
    child.once('close', () => reject(new Error(`the authority did not start: ${log}`)))
  })
  return {
    url,
    ask: createAsk(() => url),
    log: () => log,
    end(signal) {
      child.kill(signal)
      return ended
    },
  }
}

/** One in a new directory, for tests that want no other. */
export async function startFreshChild(
  overrides: Partial<ServeOptions> = {},
): Promise<ChildAuthority & { readonly directory: string; remove(): Promise<void> }> {
  const directory = await createDirectory()
  const child = await startChild(directory, overrides)
  return {
    ...child,
    directory,
    async remove() {
      await child.end('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}
