// Examines the engine that would run machines here, under an owner of its own, so that it touches nobody's runs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describeCause } from '../domain/cause.ts'
import { StartupError } from '../domain/errors.ts'
import {
  checkEngine,
  checkPodNetwork,
  checkPodSecurity,
  openEngine,
  type EngineSetting,
  type OpenedEngine,
} from '../machines/open-engine.ts'

export interface ExaminedEngine {
  /** Undefined if nothing runs machines. */
  readonly engine?: OpenedEngine['capabilities']
}

/** What the flags of the server say about its engine, and around it. */
export interface EnginePlace {
  readonly engine: EngineSetting
  readonly podSecurity?: string | undefined
  readonly podNetwork?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** The kind of engine that ran machines before. */
  readonly last: string | undefined
}

/** A problem is a sentence that says how to fix it. */
export async function examineEngine({
  engine: setting,
  podSecurity = 'restricted',
  podNetwork = 'isolated',
  env,
  last,
}: EnginePlace): Promise<ExaminedEngine & { readonly problem?: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-doctor-'))
  try {
    const opened = await openEngine(checkEngine(setting), {
      owner: 'doctor',
      env,
      directory,
      last,
      podSecurity: checkPodSecurity(podSecurity),
      podNetwork: checkPodNetwork(podNetwork),
      limits: {},
    })
    if (opened !== undefined) {
      try {
        // A server that starts does not wait for a slow one.
        return { engine: opened.capabilities ?? (await opened.engine.capabilities()) }
      } catch (cause) {
        const why = describeCause({ cause })
        const remedy = 'See that it runs, and lets the authority in.'
        return { problem: `Machines cannot run: what --engine ${setting} names does not answer (${why}). ${remedy}` }
      }
    }
    if (setting !== 'auto' || last === undefined) return {}
    return {
      problem:
        last === 'docker'
          ? 'Machines cannot run: the Docker Engine or Podman that ran them does not answer. Start it.'
          : last === 'kubernetes'
            ? 'Machines cannot run: a Kubernetes cluster ran them. Name it: --engine kubernetes.'
            : 'Machines cannot run: the local engine that ran them lacks something. "--engine local" says what.',
    }
  } catch (error) {
    if (error instanceof StartupError) return { problem: error.message }
    throw error
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
