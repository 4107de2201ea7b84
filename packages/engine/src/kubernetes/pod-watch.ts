// Watches one Pod that is no run, from its creation on.
import { EngineError } from '../engine-error.ts'
import { readJsonLines } from '../json-lines.ts'
import type { KubernetesClient } from './client.ts'
import { inNamespace } from './namespaces.ts'
import type { Pod } from './pod.ts'

/** Each state of the Pod, beginning with the given one. It ends with `unavailable` if the Pod or the cluster goes away. */
export async function* watchPod(client: KubernetesClient, pod: Pod, abort: AbortSignal): AsyncGenerator<Pod> {
  const { namespace, name } = pod.metadata
  let { resourceVersion } = pod.metadata
  yield pod
  for (;;) {
    const query = { fieldSelector: `metadata.name=${name}`, watch: true, resourceVersion }
    const source = await client.open({ path: inNamespace(namespace, 'pods'), query, abort })
    try {
      for await (const { type, object } of readJsonLines<{ readonly type: string; readonly object: Pod }>(source)) {
        if (type !== 'ADDED' && type !== 'MODIFIED') {
          throw new EngineError('unavailable', 'A Pod of the engine was removed by somebody else')
        }
        ;({ resourceVersion } = object.metadata)
        yield object
      }
    } catch (error) {
      if (abort.aborted) throw abort.reason
      if (error instanceof EngineError) throw error
      throw new EngineError('unavailable', 'The engine went away while it was asked', { cause: error })
    } finally {
      source.destroy()
    }
  }
}
