// `hallpass machine run` and `hallpass machine create`: a new machine, started or only prepared.
import { chooseApp } from '../../choose.ts'
import { createDialer } from '../../command-socket.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { AppFlags, GlobalFlags, JsonFlag } from '../../flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'
import { attach, hearSignals, wantsToAttach } from './attach.ts'
import { configure } from './configuration.ts'
import type { ConfigurationFlags, InteractionFlags, PatienceFlag } from './machine-flags.ts'
import { waitUntilRun, waitUntilSettled, waitUntilStarted } from './progress.ts'

export interface CreateFlags extends GlobalFlags, JsonFlag, AppFlags, ConfigurationFlags, PatienceFlag {
  readonly name?: string | undefined
  readonly region?: string | undefined
  readonly volume?: string | undefined
  readonly detach?: boolean | undefined
}

/** Creates a machine and starts it; with a terminal, or its input, for a command beside what the machine itself runs. */
export function runMachine(
  context: Context,
  flags: CreateFlags & InteractionFlags,
  image: string,
  ...words: readonly string[]
) {
  if (wantsToAttach(flags, context)) return runAttached(context, flags, image, words)
  return makeMachine(context, flags, { image, words, skip_launch: false })
}

/** Creates a machine that does not start, and brings its image here. */
export function createMachine(context: Context, flags: CreateFlags, image: string, ...words: readonly string[]) {
  return makeMachine(context, flags, { image, words, skip_launch: true })
}

interface Wanted {
  readonly image: string
  readonly words: readonly string[]
  readonly skip_launch: boolean
}

/** Prints its id alone before it waits, so that an interrupted person knows the id. */
async function makeMachine(context: Context, flags: CreateFlags, { image, words, skip_launch }: Wanted): Promise<void> {
  const config = configure({ image, ...readMount(flags.volume) }, flags, words, context.environment)
  const client = await connect(context, flags)
  const app_name = await chooseApp(context, flags)
  const { name, region } = flags
  const made = await client.createMachine({ app_name, name, region, config, skip_launch })
  if (flags.json !== true) writeLine(context, made.id)
  const machine = { app_name, machine_id: made.id }
  const settled = flags.detach === true ? made : ((await waitUntilRun(context, client, machine, flags)) ?? made)
  if (flags.json === true) writeJson(context, settled)
  else if (settled.state === 'started') {
    tell(context, `\`hallpass machine logs ${made.id} -a ${app_name}\` shows what it writes`)
  }
}

/** The machine sleeps, so that it lives as long as the command: an image's own program may end at once, or take the terminal. */
async function runAttached(
  context: Context,
  flags: CreateFlags & InteractionFlags,
  image: string,
  words: readonly string[],
): Promise<void> {
  for (const [flag, value] of Object.entries({
    detach: flags.detach,
    json: flags.json,
    entrypoint: flags.entrypoint,
  })) {
    if (value !== undefined)
      throw new CommandError('misused', `--${flag} is for what the machine itself runs: not with -i or -t`)
  }
  const asleep = {
    image,
    ...readMount(flags.volume),
    init: { exec: ['sleep', 'inf'] },
    stop_config: { signal: 'SIGKILL' },
  }
  const config = configure(asleep, flags, [], context.environment)
  const dialer = createDialer(context.environment)
  const client = await connect(context, flags, { fetch: dialer.fetch })
  const app_name = await chooseApp(context, flags)
  context.process.exitCode = await hearSignals(async (ended) => {
    const made = await client.createMachine({ app_name, name: flags.name, region: flags.region, config })
    const name = { app_name, machine_id: made.id }
    const waiting = waitUntilStarted(context, client, name, flags)
    let settle: () => Promise<unknown> = () => waitUntilSettled(context, client, name, flags)
    const leave = async () => {
      try {
        if (flags.rm === true) await client.deleteMachine({ ...name, force: true })
        else await client.stopMachine(name)
        await settle()
      } catch (error) {
        const where = `\`hallpass machine status ${made.id} -a ${app_name}\``
        tell(context, `Machine ${made.id} may still be there: ${where} shows it`)
        throw error
      }
    }
    const command = words.length === 0 ? ['/bin/sh'] : words
    const run = async () => {
      const early = await Promise.race([waiting.then(() => undefined), ended])
      // The waiting code reports the rest.
      if (early !== undefined) settle = () => waiting.catch(() => undefined)
      return early ?? attach(context, client, dialer, { name, command, tty: flags.tty === true, ended })
    }
    const code = await run().catch(async (error: unknown) => {
      // The first error is reported.
      await leave().catch(() => {})
      throw error
    })
    await leave()
    return code
  })
}

/** @throws CommandError `misused` */
function readMount(text: string | undefined) {
  if (text === undefined) return {}
  const [, volume, path] = /^(\w+):(\/.+)$/.exec(text) ?? []
  if (volume === undefined) throw new CommandError('misused', '--volume takes VOLUME:/PATH, as data:/data')
  return { mounts: [{ [volume.startsWith('vol_') ? 'volume' : 'name']: volume, path }] }
}
