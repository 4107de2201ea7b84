// The suite of all engines over a real Docker Engine.
import { testEngine } from '../testing/conformance.ts'
import { reasonWithoutDockerd, startDockerd } from '../testing/dockerd.ts'

testEngine('a Docker Engine', () => startDockerd('own'), reasonWithoutDockerd())
