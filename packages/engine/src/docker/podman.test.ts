// The suite of all engines over Podman's service, which speaks Docker's API.
import { testEngine } from '../testing/conformance.ts'
import { reasonWithoutPodman, startPodman } from '../testing/podman.ts'

testEngine('Podman', startPodman, reasonWithoutPodman())
