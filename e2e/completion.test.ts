// Pressing Tab in real shells at a real terminal: what they make of it is what they run.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

import { openProgram, reasonWithoutTerminal } from './terminal.ts'

const bin = inject('hallpass')
const tab = '\t'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-completion-'))
  // Answers the shell as hallpass does, and shows what it would have run.
  const stand = `#!/bin/sh
case "$1" in
  completion|__complete) exec "${process.execPath}" "${bin}" "$@" ;;
esac
printf 'RAN <%s>\\n' "$*"
`
  await writeFile(join(directory, 'hallpass'), stand, { mode: 0o755 })
  await writeFile(join(directory, 'settings.toml'), '')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const shells = [
  ['bash', ['bash', '--norc', '--noprofile', '-i'], 'eval "$(hallpass completion bash)"'],
  ['zsh', ['zsh', '-f', '-i'], 'eval "$(hallpass completion zsh)"'],
  ['fish', ['fish', '--no-config', '--private', '-i'], 'hallpass completion fish | source'],
] as const

describe.each(shells)('in %s', (shell, program, load) => {
  const isHere = spawnSync(shell, ['-c', 'true']).status === 0
  const reason = reasonWithoutTerminal() ?? (isHere ? undefined : `there is no ${shell}`)

  it.skipIf(reason !== undefined)('Tab completes commands, flags, their values, and names of files', async () => {
    const environment = { PATH: `${directory}:${process.env['PATH'] ?? ''}`, HOME: directory, PS1: '$ ' }
    const terminal = openProgram({ directory }, program, environment)
    try {
      terminal.type(`${load}; echo rea''dy`)
      await terminal.see(/ready/)
      terminal.type(`hallpass tok${tab}li${tab}--sco${tab}o${tab}--al${tab}`)
      await terminal.see(/RAN <tokens list --scope org --all>/)
      terminal.type(`hallpass tokens list --sort=na${tab}-c sett${tab}`)
      await terminal.see(/RAN <tokens list --sort=name -c settings\.toml>/)
      terminal.type(`hallpass comp${tab}fi${tab}`)
      await terminal.see(/complete -c hallpass/)
      terminal.type('exit')
      expect(await terminal.ended).toBe(0)
    } finally {
      terminal.close()
    }
  })
})
