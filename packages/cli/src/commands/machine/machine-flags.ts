// The flags that several commands about machines have.
import { CommandError } from '../../errors.ts'
import { choiceFlag, globalFlags, switchFlag, textFlag, textFlagWithDefault } from '../../flags.ts'

export interface ConfigurationFlags {
  readonly env?: readonly string[] | undefined
  readonly size?: string | undefined
  readonly cpuKind?: 'shared' | 'performance' | undefined
  readonly cpus?: string | undefined
  readonly memory?: string | undefined
  readonly restart?: 'no' | 'on-failure' | 'always' | undefined
  readonly entrypoint?: string | undefined
  readonly metadata?: readonly string[] | undefined
  readonly stopSignal?: string | undefined
  readonly stopTimeout?: string | undefined
  readonly rm?: boolean | undefined
  readonly token?: boolean | undefined
  readonly tokenCaveats?: string | undefined
}

export const configurationFlags = {
  env: {
    ...textFlag('A variable of its environment; NAME alone takes the value from here', 'name=value', 'e'),
    variadic: true,
  },
  size: textFlag('Size, as shared-cpu-2x or performance-1x', 'size', 's'),
  cpuKind: choiceFlag('Kind of its processors (default shared)', ['shared', 'performance']),
  cpus: textFlag('Number of processors (default 1)', 'number'),
  memory: textFlag('Memory in megabytes, or as 1gb (default 256 for each shared processor)', 'mb'),
  restart: choiceFlag('When it starts again after its end (default on-failure, with --rm no)', [
    'no',
    'on-failure',
    'always',
  ]),
  entrypoint: textFlag("Program to run in the place of the image's own", 'program'),
  metadata: { ...textFlag('Something to know it by', 'name=value', 'm'), variadic: true },
  stopSignal: textFlag('Signal that asks it to end (default SIGINT)', 'signal'),
  stopTimeout: textFlag('How long it may take to end before it is killed (default 5s)', 'duration'),
  rm: switchFlag('Destroy it once it has ended'),
  token: switchFlag('Give it a token of its own, at /.fly, for itself alone'),
  tokenCaveats: textFlag('The same, narrowed by caveats, as [{"type":"Action","body":"rC"}]', 'json'),
} as const

export interface PatienceFlag {
  readonly waitTimeout: string
}
export const patienceFlag = {
  waitTimeout: textFlagWithDefault('How long to wait', 'duration', '5m', 'w'),
} as const

export interface InteractionFlags {
  readonly stdin?: boolean | undefined
  readonly tty?: boolean | undefined
}
export const interactionFlags = {
  stdin: switchFlag('Pass standard input on, and what it writes as it comes', 'i'),
  tty: switchFlag('Give it this terminal: with -i, a shell as on this machine', 't'),
} as const

/** Where -t is a terminal, the token has no letter. */
export const globalFlagsBesideTty = {
  ...globalFlags,
  accessToken: { ...globalFlags.accessToken, letter: undefined },
} as const

export interface LeaseFlag {
  readonly lease?: string | undefined
}
export const leaseFlag = { lease: textFlag('Nonce of the lease, where the machine is leased', 'nonce') } as const

/**
 * The nonce that `--lease` names, as an option of the client.
 * @throws CommandError `misused` if it is none; the text may be a pasted secret
 */
export function readLease({ lease }: LeaseFlag): { readonly leaseNonce?: string } {
  if (lease === undefined) return {}
  if (/^[0-9a-f]{12}$/.test(lease)) return { leaseNonce: lease }
  throw new CommandError('misused', 'the value of --lease is no nonce, which has 12 digits and letters from a to f')
}

/** What `machine wait` waits for. */
export const awaited = ['started', 'stopped', 'suspended', 'destroyed', 'failed', 'settled'] as const
