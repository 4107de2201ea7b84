// The variables for flyctl, as real shells read them, and as README.md shows them.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { homedir } from 'node:os'

import { describe, expect, it } from 'vitest'

import { preparePlace } from '../../testing/hallpass.ts'
import { formatVariables, listVariables, shells, type Shell } from './variables.ts'

const local = 'http://127.0.0.1:4280'
/** A host that a shell would run, were it not quoted. */
const hostile = 'https://a$(id)`id`\'b"c;d&e'

describe.each([
  ['bash', 'bash', ['-c']],
  ['sh', 'bash', ['-c']],
  ['zsh', 'bash', ['-c']],
  ['fish', 'fish', ['-c']],
  ['pwsh', 'powershell', ['-NoProfile', '-Command']],
] as const)('in %s', (program, shell: Shell, words) => {
  const isThere = spawnSync(program, [...words, 'exit 0']).status === 0
  it.skipIf(!isThere).each([local, hostile, 'http://[::1]:4280'])('they are set for %s', (server) => {
    const print = JSON.stringify('process.stdout.write(JSON.stringify(process.env))').replaceAll('"', "'")
    const node = `${shell === 'powershell' ? '& ' : ''}'${process.execPath}'`
    const script = `${formatVariables(shell, server)}\n${node} -e ${print}`
    const { stdout, stderr } = spawnSync(program, [...words, script], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject(listVariables(server, homedir()))
  })
})

it('leads nowhere but to the authority, and to an address of this machine', () => {
  const values = Object.values(listVariables('https://hallpass.example.com', '/home/ada'))
  const others = values.filter((value) => !/^(?:https:\/\/)?hallpass\.example\.com(?:\/healthz)?$/.test(value))
  expect(new Set(others)).toEqual(
    new Set(['127.255.255.255', '0', '1', 'none', '/home/ada/.hallpass-fly/hallpass.example.com']),
  )
})

// Elsewhere it is an address that nobody has.
it('is nothing but settings, for zsh takes pasted comments for words to run', () => {
  for (const shell of shells) expect(formatVariables(shell, local)).not.toMatch(/#|`/)
})

it.skipIf(process.platform !== 'linux')('sends traces where nothing can listen', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const host = listVariables(local, '/')['FLY_TRACE_COLLECTOR_URL'] ?? ''
  const socket = connect((server.address() as AddressInfo).port, host)
  await expect(new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))).rejects.toThrow(
    /ENETUNREACH|EACCES/,
  )
  await new Promise((resolve) => server.close(resolve))
})

it('stands in README.md as it is', () => {
  const readme = readFileSync(new URL('../../../../../README.md', import.meta.url), 'utf8')
  expect(readme).toContain(`\`\`\`sh\n${formatVariables('bash', local)}\n\`\`\`\n`)
})

describe('hallpass flyctl env', () => {
  const place = preparePlace()

  it.each(shells)('prints them for %s', async (shell) => {
    const { code, stdout, stderr } = await place.run(['flyctl', 'env', '--shell', shell])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${formatVariables(shell, local)}\n`, stderr: '' })
  })

  it('prints them for the authority that is meant', async () => {
    const url = 'http://127.0.0.1:9'
    const { stdout } = await place.run(['flyctl', 'env', '--api-url', `${url}/`])
    expect(stdout).toBe(`${formatVariables('bash', url)}\n`)
  })

  it('says which tokens would then be sent there, and not what they are', async () => {
    const environment = { FLY_ACCESS_TOKEN: 'fo1_other', FLY_API_TOKEN: 'fo1_elsewhere' }
    const { stderr } = await place.run(['flyctl', 'env'], { environment })
    expect(stderr).toMatch(/^With these, flyctl sends FLY_ACCESS_TOKEN and FLY_API_TOKEN to http:\/\/127/)
    expect(stderr).not.toMatch(/fo1_/)
  })
})
