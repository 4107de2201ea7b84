// The suite of all engines over Podman's service, which speaks Docker's API.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

import { testEngine } from '../testing/conformance.ts'
import { reasonWithoutPodman, startPodman } from '../testing/podman.ts'
import { podmanRule } from './abilities.ts'

const reason = reasonWithoutPodman()

testEngine('Podman', startPodman, reason)

describe.skipIf(reason !== undefined)('Podman without the rule that keeps networks apart', () => {
  test('gives no run a network, and says which rule is missing', async () => {
    const podman = await startPodman({ rule: false })
    try {
      const { networks, remedies } = await podman.open().capabilities()
      expect([networks, remedies]).toEqual(['shared', expect.arrayContaining([expect.stringContaining(podmanRule)])])
      expect(await readFile(new URL('../../../../docs/machines.md', import.meta.url), 'utf8')).toContain(podmanRule)
    } finally {
      await podman.stop()
    }
  })
})
