// Opens a page in the person's browser, if there is one; the address is printed anyway.
import { spawn } from 'node:child_process'
import process from 'node:process'

import { isSet } from '../context.ts'
import type { Environment } from '../environment.ts'

/** Tries, and ignores failures. `url` begins with http. */
export function openBrowser(url: string, environment: Environment): void {
  const command = commandFor(process.platform, environment)
  if (command === undefined) return
  const [program, ...parameters] = command
  // Without a shell, so that only the browser interprets the address.
  const child = spawn(program, [...parameters, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

function commandFor(platform: string, environment: Environment): readonly [string, ...string[]] | undefined {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  // Where there is no screen, xdg-open starts a browser in this very terminal.
  const screen = ['DISPLAY', 'WAYLAND_DISPLAY', 'BROWSER'].some((name) => isSet(environment, name))
  return screen ? ['xdg-open'] : undefined
}
