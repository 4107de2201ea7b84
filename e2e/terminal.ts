// The command line at a terminal, as a person sits before it: util-linux's `script` makes one.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

import { inject } from 'vitest'

import type { Place } from './hallpass.ts'

const bin = inject('hallpass')

/** Why there can be no terminal here; undefined where there can. */
export function reasonWithoutTerminal(): string | undefined {
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  return /util-linux/.test(stdout ?? '') ? undefined : 'there is no `script` of util-linux'
}

export interface Terminal {
  /** All that was shown until now, without what only moves the cursor and colours. */
  shown(): string
  /** Waits until it is shown, and hands back what matched; fails where the command ends without. */
  see(pattern: RegExp): Promise<RegExpExecArray>
  /** Types the text and Enter. */
  type(text: string): void
  /** Presses these keys alone. */
  press(keys: string): void
  /** The exit code. */
  readonly ended: Promise<number | null>
  /** Hangs up. */
  close(): void
}

/** Runs `hallpass` with these arguments, which need no quotes. */
export function openTerminal(place: Place, args: readonly string[], env: Readonly<Record<string, string>>): Terminal {
  return openProgram(place, [process.execPath, bin, ...args], env)
}

/** Runs any program, whose arguments need no quotes. */
export function openProgram(
  place: { readonly directory: string },
  program: readonly string[],
  env: Readonly<Record<string, string>>,
): Terminal {
  // Without a size it would have no column to write in.
  const command = ['stty rows 40 cols 200; exec', ...program].join(' ')
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: place.directory,
    env: {
      PATH: process.env['PATH'] ?? '',
      TERM: 'xterm',
      HOME: place.directory,
      HALLPASS_CONFIG_DIR: join(place.directory, 'config'),
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  const listeners = new Set<() => void>()
  const tellAll = () => listeners.forEach((listener) => listener())
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    tellAll()
  })
  let over = false
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      over = true
      tellAll()
      resolve(code)
    }),
  )
  const shown = () => stripVTControlCharacters(text)
  return {
    shown,
    see: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(shown())
          if (found === null && !over) return
          listeners.delete(look)
          if (found === null) reject(new Error(`it ended and never showed ${String(pattern)}: ${shown()}`))
          else resolve(found)
        }
        listeners.add(look)
        look()
      }),
    type: (line) => void child.stdin.write(`${line}\r`),
    press: (keys) => void child.stdin.write(keys),
    ended,
    close: () => void child.kill(),
  }
}
