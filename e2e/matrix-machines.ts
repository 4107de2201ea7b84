// The rows of the matrix for machines.
import { startOf } from './command-socket.ts'
import { members, ofApp, ofOrganisation, whole, type Entry, type Prepare } from './matrix-entry.ts'

/** A machine that does not exist: those who may do it learn that, and nobody else. */
const ofMachine =
  (body?: unknown, headers: Readonly<Record<string, string>> = {}): Prepare =>
  ({ app }) => ({ params: { app_name: app.name, machine_id: '00000000000000', key: 'a' }, body, headers })

const ofVolume =
  (body?: unknown): Prepare =>
  ({ app }) => ({ params: { app_name: app.name, volume_id: 'vol_none' }, body })

const creating =
  (isPrepared: boolean): Prepare =>
  ({ app }) => ({
    params: { app_name: app.name },
    body: { config: { image: 'busybox' }, skip_launch: isPrepared },
  })

/** What is answered where it is allowed: nothing runs machines in the matrix. */
export const withoutEngine: Partial<Record<string, number>> = {
  createMachine: 503,
  waitForMachine: 503,
  readLogs: 503,
  listMachines: 200,
  listOrganisationMachines: 200,
  listVolumes: 200,
  createVolume: 503,
  listOrganisationVolumes: 200,
}

export const machineRows = {
  listMachines: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  createMachine: [[...members, ...whole, 'app', 'deploy'], creating(false), { config: { image: 'busybox' } }],
  'createMachine:prepared': [[...members, ...whole, 'app', 'deploy'], creating(true)],
  listOrganisationMachines: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
  showMachine: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  updateMachine: [
    [...members, ...whole, 'app', 'deploy'],
    ofMachine({ config: { image: 'busybox' } }),
    { config: { image: 'busybox' } },
  ],
  deleteMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  startMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  stopMachine: [
    [...members, ...whole, 'app', 'deploy'],
    ofMachine({ signal: 'SIGTERM', timeout: '5s' }),
    { timeout: 0 },
  ],
  suspendMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  restartMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  signalMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine({ signal: 9 }), { signal: 'SIGUSR1' }],
  cordonMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  uncordonMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  waitForMachine: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  showLease: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  acquireLease: [[...members, ...whole, 'app', 'deploy'], ofMachine({ ttl: 5 }), { ttl: 5 }],
  releaseLease: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  showMachineMetadata: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  replaceMachineMetadata: [
    [...members, ...whole, 'app', 'deploy'],
    ofMachine({ metadata: { a: 'b' } }),
    { metadata: { a: 'b' } },
  ],
  changeMachineMetadata: [
    [...members, ...whole, 'app', 'deploy'],
    ofMachine({ metadata: { a: null } }),
    { metadata: { a: 'b' } },
  ],
  showMachineMetadataKey: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  setMachineMetadataKey: [[...members, ...whole, 'app', 'deploy'], ofMachine({ value: 'b' }), { value: 'b' }],
  deleteMachineMetadataKey: [[...members, ...whole, 'app', 'deploy'], ofMachine()],
  listMachineEvents: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  listMachineVersions: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  execInMachine: [[...members, ...whole, 'app', 'deploy'], ofMachine({ command: ['true'] }), { cmd: 'true' }],
  listProcesses: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofMachine()],
  openCommand: [[...members, ...whole, 'app', 'deploy'], ofMachine(undefined, startOf({ command: ['true'] }))],
  readLogs: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  listVolumes: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofApp],
  createVolume: [
    [...members, ...whole, 'app', 'deploy'],
    ({ app }) => ({ params: { app_name: app.name }, body: { name: 'data', size_gb: 1 } }),
    { name: 'data' },
  ],
  showVolume: [[...members, ...whole, 'readonly', 'app', 'deploy'], ofVolume()],
  updateVolume: [[...members, ...whole, 'app', 'deploy'], ofVolume({}), {}],
  deleteVolume: [[...members, ...whole, 'app', 'deploy'], ofVolume()],
  extendVolume: [[...members, ...whole, 'app', 'deploy'], ofVolume({ size_gb: 2 }), { size_gb: 2 }],
  listOrganisationVolumes: [[...members, ...whole, 'readonly', 'deploy', 'sibling'], ofOrganisation],
} as const satisfies Readonly<Record<string, Entry>>
