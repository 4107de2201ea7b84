// Runs a command to its end, over an engine's way to begin one.
import { signalOfCode } from './check-spec.ts'
import { EngineError } from './engine-error.ts'
import type { Command, CommandOutput, CommandResult, CommandSession } from './engine.ts'

export async function runCommand(
  open: (command: Command) => Promise<CommandSession>,
  command: CommandOutput,
): Promise<CommandResult> {
  const late = AbortSignal.timeout(command.timeoutMs)
  const abort = AbortSignal.any([late, ...(command.abort === undefined ? [] : [command.abort])])
  const { input: given, ...rest } = command
  try {
    const session = await open({ ...rest, abort })
    try {
      // Concurrent with reading: a command may answer before it has read everything.
      if (given !== undefined) session.write(given).catch(() => {})
      session.endInput()
      const kept = { stdout: keep(command.maxBytes), stderr: keep(command.maxBytes) }
      for await (const { stream, bytes } of session.output) kept[stream].add(bytes)
      const exitCode = await session.exitCode()
      return {
        exitCode,
        signal: signalOfCode(exitCode),
        stdout: kept.stdout.bytes(),
        stderr: kept.stderr.bytes(),
        truncated: kept.stdout.isFull() || kept.stderr.isFull(),
      }
    } finally {
      await session.close()
    }
  } catch (error) {
    command.abort?.throwIfAborted()
    if (!late.aborted) throw error
    throw new EngineError('timeout', `The command ran for ${command.timeoutMs / 1000} s and was ended`, {
      cause: error,
    })
  }
}

function keep(maxBytes: number): { add(bytes: Uint8Array): void; bytes(): Buffer; isFull(): boolean } {
  const chunks: Buffer[] = []
  let size = 0
  let dropped = false
  return {
    add(bytes) {
      const part = bytes.subarray(0, maxBytes - size)
      dropped ||= part.length < bytes.length
      size += part.length
      // A copy, because otherwise the socket's larger buffer would be kept.
      if (part.length > 0) chunks.push(Buffer.from(part))
    },
    bytes: () => Buffer.concat(chunks),
    isFull: () => dropped,
  }
}
