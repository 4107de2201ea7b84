// The grammar of `hallpass machine`.
import {
  appFlags,
  choiceFlag,
  globalFlags,
  jsonFlag,
  optionalWord,
  switchFlag,
  textFlag,
  word,
  yesFlag,
} from '../../flags.ts'
import { command, group, wordBeforeCommand, words } from '../../routes.ts'
import {
  awaited,
  configurationFlags,
  globalFlagsBesideTty,
  interactionFlags,
  leaseFlag,
  patienceFlag,
} from './machine-flags.ts'

/** One that is there; the shell proposes those. */
const machine = word('Id or name of the machine', 'machine')
const machines = { kind: 'array', parameter: machine, minimum: 1 } as const
const image = word('Image, as busybox:1 or registry.example/app@sha256:…', 'image')
const itsCommand = { placeholder: 'command', brief: "Command to run in the place of the image's own, with its words" }

const common = { ...appFlags, ...globalFlags }
const detach = { detach: switchFlag('Do not wait', 'd') }
const stopping = {
  signal: textFlag('Signal that asks it to end (default as its configuration says)', 'signal'),
  timeout: textFlag('How long it may take to end before it is killed', 'duration'),
}

const creationFlags = {
  name: textFlag('Name; made up where it is absent', 'name', 'n'),
  region: textFlag('Region', 'code', 'r'),
  volume: textFlag('Volume, by id or name, and where it lies, as data:/data', 'volume:path'),
  ...configurationFlags,
  ...detach,
  ...patienceFlag,
  ...jsonFlag,
}

const run = command({
  load: async () => (await import('./create.ts')).runMachine,
  flags: { ...creationFlags, ...interactionFlags, ...appFlags, ...globalFlagsBesideTty },
  positional: wordBeforeCommand(image, itsCommand),
  brief: 'Create a machine of an image, and start it',
  description:
    'Create a machine of an image, and start it. Its id is printed at once; then the states that it passes through, until\n' +
    'it runs or has ended. Flags come before the command.\n' +
    'With -it, the machine itself only sleeps, and the command (/bin/sh without one) runs at this terminal. When it has\n' +
    'ended, the machine is stopped, or with --rm destroyed.',
})

const create = command({
  load: async () => (await import('./create.ts')).createMachine,
  flags: { ...creationFlags, ...common },
  positional: wordBeforeCommand(image, itsCommand),
  brief: 'Create a machine of an image, without starting it',
})

const list = command({
  load: async () => (await import('./list.ts')).listMachines,
  flags: {
    org: textFlag('Slug of an organization: the machines of all its apps', 'slug', 'o'),
    state: textFlag('Only those in these states, with commas', 'states'),
    ...jsonFlag,
    ...common,
  },
  brief: 'List the machines of an app, or of an organization',
})

const status = command({
  load: async () => (await import('./status.ts')).showMachine,
  flags: { ...jsonFlag, ...common },
  positional: words(machine),
  brief: 'Show a machine, and what happened to it',
})

const start = command({
  load: async () => (await import('./control.ts')).startMachines,
  flags: { ...detach, ...patienceFlag, ...leaseFlag, ...common },
  positional: machines,
  brief: 'Start machines',
})

const stop = command({
  load: async () => (await import('./control.ts')).stopMachines,
  flags: { ...stopping, ...detach, ...patienceFlag, ...leaseFlag, ...common },
  positional: machines,
  brief: 'Stop machines',
})

const restart = command({
  load: async () => (await import('./control.ts')).restartMachines,
  flags: { ...stopping, ...detach, ...patienceFlag, ...leaseFlag, ...common },
  positional: machines,
  brief: 'Stop machines, and start them again',
})

const suspend = command({
  load: async () => (await import('./control.ts')).suspendMachines,
  flags: { ...detach, ...patienceFlag, ...leaseFlag, ...common },
  positional: machines,
  brief: 'Freeze machines with their memory',
})

const update = command({
  load: async () => (await import('./update.ts')).updateMachine,
  flags: {
    image: textFlag('Image', 'image', 'i'),
    ...configurationFlags,
    skipStart: switchFlag('Leave it stopped'),
    ...detach,
    ...patienceFlag,
    ...jsonFlag,
    ...leaseFlag,
    ...common,
  },
  positional: wordBeforeCommand(machine, itsCommand),
  brief: 'Change the configuration of a machine, and restart it',
  description:
    'Change what the flags say of the configuration of a machine, and leave the rest as it is. The machine is\n' +
    'restarted. Flags come before the command.',
})

const destroy = command({
  load: async () => (await import('./destroy.ts')).destroyMachines,
  flags: { force: switchFlag('Also machines that run', 'f'), ...yesFlag, ...patienceFlag, ...leaseFlag, ...common },
  positional: machines,
  brief: 'Destroy machines',
})

const exec = command({
  load: async () => (await import('./exec.ts')).execInMachine,
  flags: {
    ...interactionFlags,
    timeout: textFlag(
      'How long it may take (default 60s, which is the most; with -i or -t there is no end)',
      'duration',
    ),
    ...jsonFlag,
    ...appFlags,
    ...globalFlagsBesideTty,
  },
  positional: wordBeforeCommand(machine, { placeholder: 'command', brief: 'Command to run, with its words' }),
  brief: 'Run a command in a machine',
  description:
    'Run a command in a machine that runs, to its end: what it writes is printed then, and `hallpass` ends with its exit\n' +
    'code. No shell reads the words: `sh -c "…"` does. Flags come before the command.\n' +
    'With -i its input and output are passed on as they come, and with -it it has this terminal: `exec -it web sh`.',
})

const ps = command({
  load: async () => (await import('./processes.ts')).listProcesses,
  flags: {
    sort: choiceFlag('What they are sorted by (default pid)', ['pid', 'rtime', 'command', 'cpu', 'rss']),
    reverse: switchFlag('The largest first'),
    ...jsonFlag,
    ...common,
  },
  positional: words(machine),
  brief: 'List what runs in a machine',
})

const logs = command({
  load: async () => (await import('./logs.ts')).readLogs,
  flags: {
    follow: switchFlag('Go on with what comes', 'f'),
    tail: textFlag('Only so many of the last lines', 'number', 'n'),
    timestamps: switchFlag('Say when each line was written'),
    ...jsonFlag,
    ...common,
  },
  positional: words(optionalWord('Id or name of the machine; all of the app without it', 'machine')),
  brief: 'Show what machines wrote',
})

const wait = command({
  load: async () => (await import('./wait.ts')).waitForMachine,
  flags: {
    state: choiceFlag('State to wait for (default settled)', awaited, 's'),
    ...patienceFlag,
    ...jsonFlag,
    ...common,
  },
  positional: words(machine),
  brief: 'Wait until a machine is in a state',
  description: 'Wait until a machine is in a state, and print which: `settled` is any in which nothing is under way.',
})

const cordon = command({
  load: async () => (await import('./control.ts')).cordonMachines,
  flags: { ...leaseFlag, ...common },
  positional: machines,
  brief: 'Keep traffic from machines',
})

const uncordon = command({
  load: async () => (await import('./control.ts')).uncordonMachines,
  flags: { ...leaseFlag, ...common },
  positional: machines,
  brief: 'Let traffic to machines again',
})

export const machineRoutes = group({
  brief: 'Run and manage machines',
  routes: {
    run,
    create,
    list,
    status,
    start,
    stop,
    restart,
    suspend,
    update,
    destroy,
    exec,
    ps,
    logs,
    wait,
    cordon,
    uncordon,
  },
  aliases: { ls: 'list', show: 'status', delete: 'destroy', remove: 'destroy', rm: 'destroy' },
})
