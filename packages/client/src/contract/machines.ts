// Machines of apps: create, update, start, stop, wait, run a command in one, and all else that the Machines API has of them.
import { z } from 'zod'

import { DurationError, parseTimeout } from '../duration.ts'
import { appParams } from './apps.ts'
import {
  done,
  execResult,
  lease,
  logLines,
  machine,
  machineEvent,
  machineVersions,
  organisationMachines,
  processes,
  started,
  waited,
} from './machine-answers.ts'
import { machineConfig, metadataKey, metadataValue, signal } from './machine-config.ts'
import { organisationParams } from './organisations.ts'
import { routesOf } from './route.ts'
import { cursor, flag, label, pageLimit, part, pathName } from './text.ts'

const machineParams = appParams.extend({ machine_id: pathName })
const keyParams = machineParams.extend({ key: metadataKey })

/** A text or a number, as whole milliseconds. */
const durationBy = (parse: (given: string | number) => number) =>
  z.union([z.string(), z.number()]).transform((given, context): number => {
    try {
      return parse(given)
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })

/** A number of seconds, or a text of Go's durations. */
const timeout = durationBy((given) =>
  /^\d+(?:\.\d+)?$/.test(String(given)) ? Math.round(Number(given) * 1000) : parseTimeout(given),
)

/** A number of nanoseconds, as Go encodes durations in a body, or a text. */
const goTimeout = durationBy(parseTimeout)

/** A list, as a repeated parameter or with commas. */
const listOf = z.union([part(512), z.array(part(128)).max(20)]).transform((given): readonly string[] =>
  [given]
    .flat()
    .flatMap((each) => each.split(','))
    .filter((each) => each !== ''),
)

/** The signal that Go's clients leave empty. */
const optionalSignal = z
  .literal('')
  .transform(() => undefined)
  .or(signal)
  .nullish()

const argv = z.array(z.string().max(32_768)).min(1).max(1000)
const side = z.number().int().min(1).max(10_000)
/** Of a terminal, in characters. */
export const terminalSize = z.object({ rows: side, columns: side })

const creation = {
  config: machineConfig,
  region: part(128).nullish().describe('One region, or several with commas.'),
  lease_ttl: z.number().int().min(0).max(86_400).nullish().describe('Seconds: the machine is leased at once.'),
  skip_launch: z.boolean().nullish().describe('Whether the machine is only prepared, and does not start.'),
  skip_service_registration: z.boolean().nullish(),
  skip_secrets: z.boolean().nullish().describe('Whether its environment lacks the secrets of the app.'),
  min_secrets_version: z.number().int().min(0).nullish(),
}

const createBody = z
  .object({ name: label.or(z.literal('')).nullish(), ...creation })
  .meta({ id: 'CreateMachineRequest' })
const updateBody = z
  .object({
    name: part(63).nullish(),
    ...creation,
    current_version: part(64).nullish().describe('The update is refused where the machine has another version by now.'),
  })
  .meta({ id: 'UpdateMachineRequest' })

const metadataBody = z.object({
  metadata: z.record(metadataKey, metadataValue.nullable()),
  machine_version: part(64).nullish(),
})

const filters = {
  include_deleted: flag.optional(),
  region: listOf.optional(),
  state: listOf.optional(),
  summary: flag.optional().describe('Leaves out configurations, events and leases.'),
}

export const machineRoutes = routesOf('machines', {
  listMachines: {
    summary: 'The machines of an app, by id; `metadata.KEY=VALUE` in the query keeps those that have it',
    params: appParams,
    query: z.looseObject({ ...filters, include_leases: flag.optional() }),
    answer: z.array(machine),
  },

  createMachine: {
    summary: 'Create a machine; it starts, unless skip_launch is set',
    params: appParams,
    body: createBody,
    answer: machine,
  },

  listOrganisationMachines: {
    summary: 'The machines of an organization, by id',
    params: organisationParams,
    query: z.object({
      ...filters,
      updated_after: z.iso.datetime({ offset: true }).optional(),
      cursor: cursor.or(z.literal('')).optional(),
      limit: pageLimit.default(200),
    }),
    answer: organisationMachines,
  },

  showMachine: {
    summary: 'One machine',
    params: machineParams,
    query: z.object({ include_leases: flag.optional() }),
    answer: machine,
  },

  updateMachine: {
    summary: 'Replace the configuration of a machine; it starts again, unless skip_launch is set',
    params: machineParams,
    body: updateBody,
    leased: true,
    answer: machine,
  },

  deleteMachine: {
    summary: 'Destroy a machine; one that runs only by force',
    params: machineParams,
    query: z.object({ force: flag.optional(), kill: flag.optional().describe('The same as force.') }),
    // Some programs send it in the body, because they have no query with this method.
    body: z.object({ force: z.boolean().optional() }).nullish(),
    leased: true,
    answer: done,
  },

  startMachine: { summary: 'Start a machine', params: machineParams, leased: true, answer: started },

  stopMachine: {
    summary: 'Stop a machine: a signal, and after a time-out the end',
    params: machineParams,
    body: z.object({ signal: optionalSignal, timeout: goTimeout.nullish() }).nullish(),
    leased: true,
    answer: done,
  },

  suspendMachine: { summary: 'Freeze a machine with its memory', params: machineParams, leased: true, answer: done },

  restartMachine: {
    summary: 'Stop a machine and start it again',
    params: machineParams,
    query: z.object({
      force_stop: flag.optional(),
      timeout: timeout.optional(),
      signal: signal.or(z.literal('').transform(() => undefined)).optional(),
    }),
    body: z
      .object({ force_stop: z.boolean().nullish(), signal: optionalSignal, timeout: timeout.nullish() })
      .nullish()
      .describe('The same as the query, which goes first.'),
    leased: true,
    answer: done,
  },

  signalMachine: {
    summary: 'Send a signal to the main process, also where the machine is leased',
    params: machineParams,
    body: z.object({ signal }),
    answer: done,
  },

  cordonMachine: { summary: 'Keep a machine from getting traffic', params: machineParams, leased: true, answer: done },
  uncordonMachine: { summary: 'Let a machine get traffic again', params: machineParams, leased: true, answer: done },

  waitForMachine: {
    summary: 'Wait until a machine is in a state, for a minute at most',
    params: machineParams,
    query: z.object({
      state: listOf.optional(),
      timeout: timeout.optional(),
      version: part(64).optional(),
      instance_id: part(64).optional().describe('The same as version.'),
      from_event_id: part(64).optional(),
    }),
    answer: waited,
  },

  showLease: { summary: 'The lease of a machine', params: machineParams, answer: lease },
  acquireLease: {
    summary: 'Lease a machine, or renew the lease whose nonce the header names',
    params: machineParams,
    query: z.object({ ttl: timeout.optional() }),
    body: z.object({ ttl: z.number().int().min(0).max(86_400).nullish(), description: part(256).nullish() }).nullish(),
    leased: true,
    status: 201,
    answer: lease,
  },
  releaseLease: { summary: 'End the lease of a machine', params: machineParams, leased: true, answer: done },

  showMachineMetadata: {
    summary: 'The metadata of a machine',
    params: machineParams,
    answer: z.record(z.string(), z.string()),
  },
  replaceMachineMetadata: {
    summary: 'Replace the metadata of a machine',
    params: machineParams,
    body: metadataBody,
  },
  changeMachineMetadata: {
    summary: 'Change some metadata of a machine: what is null or empty is removed',
    params: machineParams,
    body: metadataBody,
  },
  showMachineMetadataKey: {
    summary: 'One value of the metadata of a machine',
    params: keyParams,
    answer: z.object({ value: z.string() }),
  },
  setMachineMetadataKey: {
    summary: 'Set one value of the metadata of a machine',
    params: keyParams,
    body: z.object({ value: metadataValue }),
  },
  deleteMachineMetadataKey: { summary: 'Remove one value of the metadata of a machine', params: keyParams },

  listMachineEvents: {
    summary: 'What happened to a machine, newest first',
    params: machineParams,
    query: z.object({ limit: z.coerce.number<number>().int().min(1).max(50).default(20) }),
    answer: z.array(machineEvent),
  },
  listMachineVersions: {
    summary: 'The configurations of a machine, newest first',
    params: machineParams,
    answer: machineVersions,
  },

  execInMachine: {
    summary: 'Run a command in a machine, to its end',
    params: machineParams,
    body: z
      .object({
        command: argv.nullish(),
        cmd: z.string().max(32_768).nullish().describe('The command as one text, split as a shell does.'),
        stdin: z.string().nullish(),
        timeout: timeout.nullish().describe('Seconds, 60 at most.'),
        container: part(128).nullish(),
        machine: z.boolean().nullish(),
      })
      .meta({ id: 'ExecRequest' }),
    answer: execResult,
  },

  openCommand: {
    summary:
      'Run a command in a machine, with its input and output as they come: a WebSocket of the subprotocol v1.exec.hallpass',
    params: machineParams,
    command: z.object({ command: argv, terminal: terminalSize.optional() }).meta({ id: 'CommandStart' }),
    status: 101,
  },

  listProcesses: {
    summary: 'What runs in a machine: 1,024 processes at most',
    params: machineParams,
    query: z.object({
      sort_by: z.enum(['pid', 'stime', 'rtime', 'command', 'directory', 'cpu', 'rss']).default('pid'),
      order: z.enum(['asc', 'desc']).default('asc'),
    }),
    answer: processes,
  },

  readLogs: {
    summary: 'What the machines of an app wrote, oldest first; with a wait, what comes next',
    params: appParams,
    query: z.object({
      machine: part(64).optional().describe('The id of the one machine.'),
      next_token: z.string().max(4096).optional(),
      tail: z.coerce.number<number>().int().min(1).max(1000).optional().describe('How many lines of what is there.'),
      wait: timeout.optional().describe('How long to wait for a line where there is none: seconds, 25 at most.'),
    }),
    answer: logLines,
  },
})
