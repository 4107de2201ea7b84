// The states of machines: how each looks, and what a person can do in it.
import { describePull, type Machine } from '@hallpass/client'

import { State } from '../ui/layout.tsx'

export type MachineState = Machine['state']
export type Verb = 'start' | 'stop' | 'restart' | 'suspend' | 'destroy'

interface Look {
  /** `busy`: something is under way, and another state follows by itself. */
  readonly tone: 'good' | 'bad' | 'off' | 'busy'
  readonly verbs: readonly Verb[]
}

const looks: Readonly<Record<MachineState, Look>> = {
  created: { tone: 'busy', verbs: ['stop', 'destroy'] },
  starting: { tone: 'busy', verbs: ['stop', 'destroy'] },
  started: { tone: 'good', verbs: ['restart', 'suspend', 'stop', 'destroy'] },
  stopping: { tone: 'busy', verbs: ['destroy'] },
  stopped: { tone: 'off', verbs: ['start', 'destroy'] },
  suspending: { tone: 'busy', verbs: ['destroy'] },
  suspended: { tone: 'off', verbs: ['start', 'stop', 'destroy'] },
  restarting: { tone: 'busy', verbs: ['stop', 'destroy'] },
  replacing: { tone: 'busy', verbs: ['destroy'] },
  failed: { tone: 'bad', verbs: ['start', 'destroy'] },
  destroying: { tone: 'busy', verbs: [] },
  destroyed: { tone: 'off', verbs: [] },
}

export function lookOf(state: MachineState): Look {
  return looks[state]
}

/** Milliseconds until the page fetches a machine in this state again; 0 for never. */
export function patienceWith(state: MachineState): number {
  if (state === 'destroyed') return 0
  return looks[state].tone === 'busy' ? 1000 : 5000
}

export function MachineStateWord({ machine }: { readonly machine: Pick<Machine, 'state' | 'pull'> }) {
  const { state } = machine
  const pull = describePull(machine)
  const word = state.charAt(0).toUpperCase() + state.slice(1)
  return <State tone={looks[state].tone}>{pull === undefined ? word : `${word}: ${pull}`}</State>
}
