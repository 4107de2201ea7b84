// The suite of all engines over what a Kubernetes cluster has said to it. HALLPASS_KUBERNETES_RECORD=1 has cluster.test.ts write it.
import { testEngine } from '../testing/conformance.ts'
import { isRecording, startRecorded } from '../testing/kubernetes.ts'

testEngine('a recorded Kubernetes', startRecorded, isRecording ? 'it is being recorded' : undefined, false)
