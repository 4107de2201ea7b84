// What `auto` chooses: the local engine last, and never beside an engine that is only away.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { reasonWithoutLocal } from '@hallpass/engine/local'
import { expect, onTestFinished, test } from 'vitest'

import { checkPodNetwork, checkPodSecurity, openEngine } from './open-engine.ts'

const isDockerHere = ['/var/run/docker.sock', '/run/podman/podman.sock'].some((path) => existsSync(path))
const missing = isDockerHere ? 'another engine is here' : await reasonWithoutLocal()

test.each([
  [checkPodSecurity, ['restricted', 'baseline'], '--pod-security is restricted or baseline'],
  [checkPodNetwork, ['isolated', 'shared'], '--pod-network is isolated or shared'],
] as const)('%o takes its words alone', (check, words, sentence) => {
  expect(words.map(check)).toEqual(words)
  for (const other of ['', 'privileged', 'Shared', ' isolated']) expect(() => check(other)).toThrow(sentence)
})

test.skipIf(missing !== undefined)('auto takes the local engine last, and mounts nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-auto-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const kindOf = async (env: Record<string, string>, last?: string): Promise<string | undefined> =>
    (
      await openEngine('auto', {
        owner: 'acme',
        env,
        directory: join(directory, 'machines'),
        last,
        podSecurity: 'restricted',
        podNetwork: 'isolated',
        limits: {},
      })
    )?.engine.kind

  expect(await kindOf({})).toBe('local')
  expect(await kindOf({}, 'local')).toBe('local')
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(directory)
  // They are away, and may run machines.
  expect(await kindOf({}, 'docker')).toBeUndefined()
  expect(await kindOf({ DOCKER_HOST: `unix://${directory}/docker.sock` })).toBeUndefined()
})
