// One small process that answers from a guard's memory, for proxies and for services in other languages.
export { openSidecar, SidecarError, type RunningSidecar, type SidecarOptions } from './open-sidecar.ts'
