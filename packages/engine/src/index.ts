// The interface of an engine, for its driver; the engines themselves are subpaths.

export type {
  Capabilities,
  Change,
  Command,
  CommandOutput,
  CommandResult,
  CommandSession,
  Engine,
  Exit,
  FileSpec,
  Image,
  Limits,
  LogLine,
  LogOptions,
  PullOptions,
  PullProgress,
  RunProcess,
  RunSpec,
  RunState,
  RunStatus,
  SharedFolder,
  StopOptions,
  TerminalSize,
  VolumeMount,
} from './engine.ts'
export { EngineError, type EngineErrorCode } from './engine-error.ts'
