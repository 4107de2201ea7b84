// Compares the runs of an engine with those in the store: records ends that nobody saw, and removes unknown runs.
import type { Engine, RunStatus } from '@hallpass/engine'

import { machineOfRun, type Machine } from '../domain/machine.ts'
import type { Store } from '../domain/store.ts'

const rowsOfPage = 500

/** `isBusy` says whether a step of the machine is in progress; `look` is called for a run that has changed. */
export async function compareRuns(
  { store, engine }: { readonly store: Pick<Store, 'read' | 'write'>; readonly engine: Engine },
  runs: readonly RunStatus[],
  driver: {
    readonly isBusy: (id: string) => boolean
    readonly look: (id: string, runId: string, status: RunStatus | undefined) => Promise<void>
  },
): Promise<void> {
  const found = new Map(runs.map((run) => [run.runId, run]))
  const known = new Set<string>()
  let after = ''
  for (;;) {
    const rows = await store.read((tx) => tx.machines.page({ limit: rowsOfPage, after }))
    for (const machine of rows) {
      if (machine.runId === null) continue
      known.add(machine.runId)
      const run = found.get(machine.runId)
      const isOver = run === undefined || run.exit !== undefined
      if (isOver && shallRun(machine)) await driver.look(machine.id, machine.runId, run)
    }
    const last = rows.at(-1)
    if (rows.length < rowsOfPage || last === undefined) break
    after = last.id
  }
  for (const { runId } of runs) {
    if (known.has(runId) || driver.isBusy(machineOfRun(runId))) continue
    // A machine that was created after the list was read is known now.
    const machine = await store.read((tx) => tx.machines.byId(machineOfRun(runId)))
    if (machine?.runId !== runId) await engine.remove(runId)
  }
}

/** In all other states a step of the driver looks at the run. */
function shallRun({ state, startedAt }: Machine): boolean {
  return startedAt !== null && ['started', 'suspended', 'stopping', 'restarting', 'replacing'].includes(state)
}
