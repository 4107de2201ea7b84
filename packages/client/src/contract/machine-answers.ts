// What the Machines API answers of machines: their state, events, versions and leases.
import { z } from 'zod'

import { runLabelFields } from './run-labels.ts'
import { timestamp } from './text.ts'

const machineState = z.enum([
  'created',
  'starting',
  'started',
  'stopping',
  'stopped',
  'suspending',
  'suspended',
  'restarting',
  'replacing',
  'failed',
  'destroying',
  'destroyed',
])

/** Whatever was given at creation, known here or not. */
const config = z.record(z.string(), z.unknown())
const strings = z.record(z.string(), z.string())

export const machineEvent = z
  .object({
    id: z.string(),
    type: z.string().describe('launch, start, stop, restart, update, suspend, exit or destroy.'),
    status: z.string().describe('The state that it led to.'),
    source: z.enum(['user', 'flyd']).describe('Who caused it: a request, or what runs machines.'),
    timestamp: z.number().int().describe('Milliseconds since 1970.'),
    request: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'More about it: `exit_event` says how a machine ended, `restart_count` how often it has been restarted.',
      ),
  })
  .meta({ id: 'MachineEvent' })
export type MachineEvent = z.infer<typeof machineEvent>

const shownLease = z.object({
  description: z.string(),
  expires_at: z.number().int().describe('Unix seconds.'),
  owner: z.string(),
})

export const machine = z
  .object({
    id: z.string(),
    name: z.string(),
    state: machineState,
    region: z.string(),
    instance_id: z.string().describe('The version of its configuration.'),
    version: z.string().describe('The same as instance_id.'),
    private_ip: z.string().describe('In the private network of the organization; empty while it does not run.'),
    config: config.optional(),
    incomplete_config: config.optional().describe('The same as config, while host_status is not ok.'),
    image_ref: z
      .object({
        registry: z.string(),
        repository: z.string(),
        tag: z.string(),
        digest: z.string(),
        labels: strings.nullable(),
      })
      .optional()
      .describe('What the engine made of the image; absent until it is there.'),
    ...runLabelFields,
    created_at: timestamp,
    updated_at: timestamp,
    events: z.array(machineEvent).optional(),
    checks: z
      .array(z.object({ name: z.string(), status: z.string() }))
      .optional()
      .describe('Always empty: nothing checks machines here.'),
    pull: z
      .object({
        phase: z.enum(['downloading', 'unpacking']),
        bytes: z.number().int(),
        total_bytes: z.number().int().describe('Of the layers that are known so far: it grows.'),
      })
      .optional()
      .describe('How far its image is, where it waits for one and the authority that was asked pulls it.'),
    nonce: z.string().optional().describe('Of the lease that the same request took.'),
    lease: shownLease.optional(),
    host_status: z
      .enum(['ok', 'unknown', 'unreachable'])
      .optional()
      .describe('Unreachable while the engine does not answer: the state is as it was last seen.'),
    cordoned: z.boolean().optional(),
  })
  .meta({ id: 'Machine' })
export type Machine = z.infer<typeof machine>

export const organisationMachines = z
  .object({
    machines: z.array(
      z.object({
        id: z.string(),
        app_name: z.string(),
        name: z.string(),
        region: z.string(),
        state: machineState,
        version: z.string(),
        private_ip: z.string(),
        ...runLabelFields,
        created_at: timestamp,
        updated_at: timestamp,
        config: config.optional().describe('Its image, guest and metadata.'),
      }),
    ),
    next_cursor: z.string().describe('Where the next page starts; empty after the last.'),
    last_machine_id: z.string(),
    last_updated_at: z.string(),
    error_regions: z.array(z.string()).describe('Always empty.'),
  })
  .meta({ id: 'OrganizationMachines' })
export type OrganisationMachines = z.infer<typeof organisationMachines>

/** Go's clients read `data`, and others the fields beside it. */
const leaseFields = {
  nonce: z.string().describe('For the header fly-machine-lease-nonce; empty where the lease is only looked at.'),
  expires_at: z.number().int().describe('Unix seconds.'),
  owner: z.string(),
  description: z.string(),
  version: z.string().describe('The version of the machine when the lease was taken.'),
}
export const lease = z
  .object({ status: z.enum(['success']), data: z.object(leaseFields), ...leaseFields })
  .meta({ id: 'MachineLease' })
export type Lease = z.infer<typeof lease>

export const machineVersions = z.array(z.object({ version: z.string(), user_config: config }))

export const done = z.object({ ok: z.boolean() })

export const started = z.object({
  previous_state: machineState,
  migrated: z.boolean(),
  new_host: z.string(),
})

export const waited = z.object({
  ok: z.boolean(),
  state: z.string().describe('A state of machines, or replaced: it has another version than was asked about.'),
  version: z.string(),
  event_id: z.string(),
})

export const execResult = z
  .object({
    exit_code: z.number().int(),
    exit_signal: z.number().int(),
    stdout: z.string(),
    stderr: z.string(),
    truncated: z.boolean().describe('Whether the command wrote more than is kept.'),
  })
  .meta({ id: 'ExecResult' })
export type ExecResult = z.infer<typeof execResult>

export const processes = z.array(
  z
    .object({
      pid: z.number().int(),
      stime: z.number().int().describe('When it started: Unix seconds.'),
      rtime: z.number().int().describe('For how long it has run: seconds.'),
      command: z.string(),
      directory: z.string().describe('Empty where the engine does not say it.'),
      cpu: z.number().int().describe('Percent of one processor, in all the time that it has run.'),
      rss: z.number().int().describe('Bytes of memory.'),
      listen_sockets: z
        .array(z.object({ proto: z.string(), address: z.string() }))
        .describe('Always empty: no engine says it.'),
    })
    .meta({ id: 'Process' }),
)
export type Process = z.infer<typeof processes>[number]

export const logLines = z
  .object({
    lines: z.array(
      z.object({
        machine_id: z.string(),
        region: z.string(),
        timestamp: z.string().describe('RFC 3339, with nanoseconds.'),
        stream: z.enum(['stdout', 'stderr']),
        message: z.string(),
      }),
    ),
    next_token: z.string().describe('Asks for what comes after these lines.'),
  })
  .meta({ id: 'LogLines' })
export type LogLines = z.infer<typeof logLines>
