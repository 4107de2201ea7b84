// The suite of all engines over the local one.
import { testEngine } from '../testing/conformance.ts'
import { reasonWithoutLocalEngine, startLocal } from '../testing/local.ts'

testEngine('the local engine', startLocal, await reasonWithoutLocalEngine(), false)
