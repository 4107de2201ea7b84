// Keeps `process.nextTick` quick for as long as a server runs.
import { executionAsyncResource } from 'node:async_hooks'

const kept: object[] = []

/**
 * Node.js makes an object with computed keys for each tick. When V8 has collected all garbage three times and found none of these,
 * it forgets what they look like. From then on each takes 0.5 µs instead of 0.1, until the process ends, and a request has
 * five or six. So one is kept.
 */
export function keepTicksQuick(): void {
  process.nextTick(() => kept.push(executionAsyncResource()))
}
