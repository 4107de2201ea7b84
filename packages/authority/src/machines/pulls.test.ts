// Pulls: who waits for a registry that never answers.
import { expect, test } from 'vitest'

import type { Image } from '@hallpass/engine'

import { createPulls } from './pulls.ts'

const image: Image = {
  id: 'sha256:0',
  registry: 'docker.io',
  repository: 'library/busybox',
  tag: '1',
  digest: undefined,
  labels: {},
  entrypoint: [],
  command: [],
  env: [],
  user: '',
  workingDirectory: '',
}
const { signal } = new AbortController()

test('an organization whose registry never answers waits alone, and pulls a few images at a time', async () => {
  const begun: string[] = []
  const pulls = createPulls({
    pullImage(reference) {
      begun.push(reference)
      return reference.startsWith('silent') ? new Promise(() => {}) : Promise.resolve(image)
    },
  })
  for (let at = 0; at < 20; at += 1) void pulls.get(1, `silent/${at}`, signal)
  expect(await pulls.get(2, 'busybox:1', signal)).toMatchObject({ id: image.id })
  expect(begun.filter((reference) => reference.startsWith('silent'))).toHaveLength(4)
})

test('one pull serves all machines of an organization that wait for it', async () => {
  let begun = 0
  const pulls = createPulls({
    pullImage() {
      begun += 1
      return Promise.resolve(image)
    },
  })
  await Promise.all([pulls.get(1, 'busybox:1', signal), pulls.get(1, 'busybox:1', signal)])
  expect(begun).toBe(1)
})

test('a pull says how far it is until it is over, to the organization that waits for it', async () => {
  let arrive = (): void => {}
  const pulls = createPulls({
    pullImage(_reference, { onProgress } = {}) {
      onProgress?.({ phase: 'downloading', bytes: 12, totalBytes: 40 })
      return new Promise((resolve) => {
        arrive = () => resolve(image)
      })
    },
  })
  const pulled = pulls.get(1, 'busybox:1', signal)
  expect(pulls.progress(1, 'busybox:1')).toEqual({ phase: 'downloading', bytes: 12, totalBytes: 40 })
  expect([pulls.progress(2, 'busybox:1'), pulls.progress(1, 'busybox:2')]).toEqual([undefined, undefined])
  arrive()
  await pulled
  expect(pulls.progress(1, 'busybox:1')).toBeUndefined()
})
