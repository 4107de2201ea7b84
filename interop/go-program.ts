/** The Go side: one long-lived process that answers line by line, in order. */

import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What is missing to build the Go program, or undefined. */
export function whatIsMissing(): string | undefined {
  if (spawnSync(compiler, ['version']).status !== 0) return 'there is no go on the PATH'
  const modules = spawnSync(compiler, ['mod', 'download'], { cwd: source, timeout: 60_000 })
  return modules.status === 0 ? undefined : 'the modules that interop/go needs cannot be fetched'
}

/** Builds it into a folder; returns its path. */
export function buildGoProgram(folder: string): string {
  const program = join(folder, 'interop')
  const build = spawnSync(compiler, ['build', '-o', program, '.'], { cwd: source, encoding: 'utf8' })
  if (build.status !== 0) throw new Error(`The Go program does not build:\n${build.stderr}`)
  return program
}

/** Starts it, and asks batches of questions: the answers come in the order of the questions. */
export class GoPlayer {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: { left: number; readonly lines: string[]; readonly done: (lines: readonly string[]) => void }[] =
    []
  #rest = ''
  #failure = ''

  constructor(program: string) {
    this.#child = spawn(program, ['play'])
    this.#child.stdout.setEncoding('utf8')
    this.#child.stdout.on('data', (text: string) => this.#read(text))
    this.#child.stderr.setEncoding('utf8')
    this.#child.stderr.on('data', (text: string) => (this.#failure += text))
    this.#child.on('exit', (code) => {
      if (this.#waiting.length > 0) throw new Error(`The Go program ended with ${code}:\n${this.#failure}`)
    })
  }

  ask(questions: readonly string[]): Promise<readonly string[]> {
    const { promise, resolve } = Promise.withResolvers<readonly string[]>()
    this.#waiting.push({ left: questions.length, lines: [], done: resolve })
    // An empty line makes it write what it has.
    this.#child.stdin.write(`${questions.join('\n')}\n\n`)
    return promise
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const [batch] = this.#waiting
      if (batch === undefined) throw new Error('The Go program answered what it was not asked')
      batch.lines.push(line)
      batch.left -= 1
      if (batch.left > 0) continue
      this.#waiting.shift()
      batch.done(batch.lines)
    }
  }
}

const compiler = 'go'
const source = join(import.meta.dirname, 'go')
