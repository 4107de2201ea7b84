// Runs a program of this machine to its end.
import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

import { EngineError } from '../engine-error.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Whether {@link run} finds it. */
export function hasProgram(program: string): boolean {
  return env.PATH.split(':').some((folder) => {
    const file = join(folder, program)
    try {
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  })
}

/** Of what it writes, the first 64 KiB are kept. A program that is not there has the code 127. */
export async function run(
  program: string,
  words: readonly string[],
  input?: Readable | Uint8Array,
  onLine?: () => void,
): Promise<Said> {
  const child = spawn(program, words, { env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      if (said[stream].length < 2 ** 16) said[stream] += text
      if (stream === 'stdout' && onLine !== undefined) for (const letter of text) if (letter === '\n') onLine()
    })
  }
  // It may end before it has read everything; its exit code says why.
  child.stdin?.on('error', () => {})
  if (input instanceof Uint8Array) child.stdin?.end(input)
  else if (input !== undefined && child.stdin !== null) {
    input.on('error', () => child.kill('SIGKILL'))
    input.pipe(child.stdin)
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, stdout: '', stderr: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 137, ...said }))
  })
}

/** @throws EngineError that quotes what the program said */
export async function demand(
  program: string,
  words: readonly string[],
  input?: Readable | Uint8Array,
): Promise<string> {
  const { code, stdout, stderr } = await run(program, words, input)
  if (code !== 0) throw errorOfProgram(program, stderr)
  return stdout
}

export function errorOfProgram(program: string, words: string): EngineError {
  const line = words
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, 300)
  if (/no space left on device|disk quota exceeded/i.test(line)) {
    return new EngineError('no_space', 'The disk of the engine is full', { cause: new Error(line) })
  }
  return new EngineError('failed', `${program} failed: ${line}`, { cause: new Error(words) })
}

/** A word that a shell takes as it is. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** The environment of programs of the machine: it contains nothing of a run or an image. */
export const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }
