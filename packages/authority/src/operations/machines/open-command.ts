// machine.exec, with input and output as they come: a shell at a terminal, for as long as its caller may run it.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { CommandSession, TerminalSize } from '../../domain/machine-runner.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectRunning } from './exec-in-machine.ts'
import { accessMachine, expectMachine, expectRunner, type MachineName, type SoughtMachine } from './find-machine.ts'

/** The client that runs a command. */
export interface CommandClient {
  /** The input from the client, until its end. It waits while nobody reads. @throws DomainError, also if the client has left */
  readonly input: AsyncIterable<Uint8Array | TerminalSize>
  /** Resolves when it is on its way, and there is room for more. @throws DomainError if the client is gone */
  send(stream: 'stdout' | 'stderr', bytes: Uint8Array): Promise<void>
  /** Rejects when the client is gone, or nothing has come from either side for long. */
  readonly gone: Promise<never>
}

export interface OpenCommand extends MachineName {
  /** The program and its words, which `Commands` caveats are checked against. */
  readonly argv: readonly string[]
  readonly terminal: TerminalSize | undefined
  /** Why the request cannot carry a command; undefined if it can. */
  readonly hindrance: string | undefined
  /** Accepts the request for the command. An error before that is the answer of the request. */
  readonly accept: () => Promise<CommandClient>
}

interface OpenedCommand {
  readonly runId: string
  readonly machineId: string
  readonly organisationId: number
  readonly exitCode?: number
}

/** How many may run at a time. */
const most = { token: 16, machine: 16, organisation: 64, all: 256 } as const

export const openCommand: WriteOperation<OpenCommand, SoughtMachine, OpenedCommand> = {
  name: 'machine.exec',
  mode: 'write',

  access: (context, input) =>
    accessMachine(context, input, { action: actions.write | actions.control, command: input.argv }),

  async run({ environment }, { subject, input: { machineId, hindrance } }) {
    expectMachine(subject)
    if (hindrance !== undefined) throw new DomainError('invalid', hindrance)
    return { runId: expectRunning(environment, subject), machineId, organisationId: subject.organisation.id }
  },

  places: ({ machineId, organisationId }, owner) => [
    { room: `${most.token} open commands of one token`, key: `command of ${owner}`, most: most.token },
    { room: `${most.machine} open commands in one machine`, key: `command in ${machineId}`, most: most.machine },
    {
      room: `${most.organisation} open commands in one organization`,
      key: `command in organisation ${organisationId}`,
      most: most.organisation,
    },
    { room: `${most.all} open commands`, key: 'command', most: most.all },
  ],

  async goOn({ environment, signal }, opened, { argv, terminal, accept }) {
    const session = await expectRunner(environment).openCommand(opened.runId, {
      argv,
      abort: signal,
      ...(terminal === undefined ? {} : { terminal }),
    })
    try {
      signal.throwIfAborted()
      const client = await accept()
      const isRefused = carryInput(client, session).then(() => new Promise<never>(() => {}))
      return { ...opened, exitCode: await Promise.race([carryOutput(session, client), isRefused, client.gone]) }
    } finally {
      await session.close()
    }
  },
}

/** Ends with the command, which may read no more input. */
async function carryInput({ input }: CommandClient, session: CommandSession): Promise<void> {
  for await (const piece of input) {
    if (!(piece instanceof Uint8Array)) await session.resize(piece).catch(() => {})
    else if (
      !(await session.write(piece).then(
        () => true,
        () => false,
      ))
    )
      return
  }
  session.endInput()
}

async function carryOutput(session: CommandSession, client: CommandClient): Promise<number> {
  for await (const { stream, bytes } of session.output) await client.send(stream, bytes)
  return session.exitCode()
}
