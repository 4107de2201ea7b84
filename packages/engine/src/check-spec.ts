// Refuses a spec or a command with a wrong value before an engine sees it, in the same words for every engine.
import { constants } from 'node:os'

import { EngineError } from './engine-error.ts'
import type { Command, RunSpec } from './engine.ts'

/** @throws EngineError `bad_spec` that names the field */
export function checkSpec(spec: RunSpec): void {
  checkName(spec.runId, 'runId')
  if (spec.network !== undefined) checkName(spec.network, 'network')
  if (spec.tenant !== undefined) checkName(spec.tenant, 'tenant')
  if (spec.region !== undefined) checkName(spec.region, 'region')
  for (const name of Object.keys(spec.labels ?? {})) checkName(name, 'labels')
  checkWords(spec.entrypoint ?? [], 'entrypoint')
  checkWords(spec.command ?? [], 'command')
  checkEnv(spec.env)
  checkWords([spec.workingDirectory ?? ''], 'workingDirectory')
  if (spec.hostname !== undefined && !/^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/i.test(spec.hostname)) {
    refuse('hostname', 'must be a name as in DNS of at most 64 characters')
  }
  for (const name of spec.names ?? []) {
    if (!/^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/i.test(name)) refuse('names', 'must be names as in DNS')
  }
  if (spec.names !== undefined && spec.names.length > 0 && spec.network === undefined) {
    refuse('names', 'need a network in which they are found')
  }
  const { memoryMb, cpus, processes, diskMb } = spec.limits
  if (!Number.isInteger(memoryMb) || memoryMb < 6) refuse('limits.memoryMb', 'must be a whole number from 6 on')
  if (!(cpus >= 0.01 && cpus <= 1024)) refuse('limits.cpus', 'must be a number from 0.01 to 1024')
  if (!Number.isInteger(processes) || processes < 1) refuse('limits.processes', 'must be a whole number from 1 on')
  if (diskMb !== undefined && (!Number.isInteger(diskMb) || diskMb < 1)) {
    refuse('limits.diskMb', 'must be a whole number from 1 on')
  }
  checkPaths(Object.values(spec.sharedFolder ?? {}), 'sharedFolder')
  for (const { volumeId, path } of spec.volumes ?? []) {
    checkName(volumeId, 'volumes')
    checkPaths([path], 'volumes')
    if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(path)) refuse('volumes', "must not take the place of the kernel's own files")
  }
  let size = 0
  for (const { path, content, mode = 0o644 } of spec.files ?? []) {
    checkPaths([path], 'files')
    if (Buffer.byteLength(path) > 250) refuse('files', 'must have paths of at most 250 bytes')
    if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) refuse('files', 'must have modes from 0 to 0o777')
    size += content.length
  }
  if (size > 2 ** 20) refuse('files', 'must have at most 1 MiB in all')
}

/** @throws EngineError `bad_spec`, or as of any program that is not there `command_not_found` for an empty one */
export function checkCommand({ argv, env, workingDirectory = '' }: Command): void {
  if (argv.length === 0) refuse('argv', 'must begin with a program')
  if (argv[0] === '') throw new EngineError('command_not_found', 'The command cannot be run: its program has no name')
  checkWords(argv, 'argv')
  checkWords([workingDirectory], 'workingDirectory')
  checkEnv(env)
}

/** @throws EngineError `bad_spec` where it is no signal of this system */
export function checkSignal(signal: NodeJS.Signals): void {
  if (constants.signals[signal] === undefined) refuse('signal', 'must be a signal, such as SIGTERM')
}

/** A name that every engine can take as a part of one of its own. @throws EngineError `bad_spec` */
export function checkName(name: string, field: string): void {
  if (!/^[a-z0-9][a-z0-9_.-]{0,62}$/i.test(name)) {
    refuse(field, 'must be 1 to 63 letters, digits, "-", "_" and ".", and begin with a letter or a digit')
  }
}

function checkPaths(paths: readonly string[], field: string): void {
  for (const path of paths) {
    const parts = path.split('/').slice(1)
    if (!path.startsWith('/') || parts.some((part) => ['', '.', '..'].includes(part)) || path.includes('\0')) {
      refuse(field, 'must have absolute paths without "." and ".."')
    }
  }
}

/** By the rule of shells; undefined for a code that stands for none. */
export function signalOfCode(code: number): NodeJS.Signals | undefined {
  const found = Object.entries(constants.signals).find(([, number]) => number === code - 128)
  return found?.[0] as NodeJS.Signals | undefined
}

/** @throws EngineError `bad_spec` */
export function checkOwner(owner: string): void {
  if (!/^[a-z0-9]{1,32}$/.test(owner)) refuse('owner', 'must be 1 to 32 of a-z and 0-9')
}

/** For disks that have a size. @throws EngineError `bad_spec` */
export function checkSize(sizeMb: number): void {
  if (!Number.isInteger(sizeMb) || sizeMb < 1) refuse('sizeMb', 'must be a whole number from 1 on')
}

function checkEnv(env: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries(env)) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) {
      refuse('env', 'must have names without "=", and no zero bytes')
    }
  }
}

function checkWords(words: readonly string[], field: string): void {
  if (words.some((word) => word.includes('\0'))) refuse(field, 'must have no zero bytes')
}

function refuse(field: string, sentence: string): never {
  throw new EngineError('bad_spec', `${field} ${sentence}`, { field })
}
