/** The JSON of all caveats of the usual vocabulary: for `caveat-json.ts`, and nobody else. */

import type { Caveat, CaveatType } from '../caveat.ts'
import type { CaveatJson } from '../codec.ts'
import { actionJson } from './action.ts'
import { flyioUserIdJson, gitHubUserIdJson, googleUserIdJson } from './attestations.ts'
import { commandsJson } from './commands.ts'
import { confineGitHubOrgJson, confineGoogleHdJson, confineOrganizationJson, confineUserJson } from './confine.ts'
import { ifPresentJson } from './if-present.ts'
import { isUserJson } from './is-user.ts'
import { maxValidityJson } from './max-validity.ts'
import { mutationsJson } from './mutations.ts'
import { networksJson } from './networks.ts'
import { organizationJson } from './organization.ts'
import {
  appFeatureSetJson,
  appsJson,
  clustersJson,
  featureSetJson,
  machineFeatureSetJson,
  machinesJson,
  storageObjectsJson,
  volumesJson,
} from './resource-set.ts'
import { allowedRolesJson, isMemberJson } from './roles.ts'
import { runLabelJson } from './run-label.ts'
import { flySrcJson, fromMachineSourceJson } from './source.ts'
import { bindToParentTokenJson, thirdPartyCaveatJson } from './third-party.ts'
import { validityWindowJson } from './validity-window.ts'

/** By type, all but those that every service spells in its own way. */
export const jsonForms: {
  readonly [Type in Exclude<CaveatType, 'Own' | 'Unknown'>]: CaveatJson<Extract<Caveat, { type: Type }>>
} = {
  Organization: organizationJson,
  Volumes: volumesJson,
  Apps: appsJson,
  ValidityWindow: validityWindowJson,
  FeatureSet: featureSetJson,
  Mutations: mutationsJson,
  Machines: machinesJson,
  ConfineUser: confineUserJson,
  ConfineOrganization: confineOrganizationJson,
  IsUser: isUserJson,
  '3P': thirdPartyCaveatJson,
  BindToParentToken: bindToParentTokenJson,
  IfPresent: ifPresentJson,
  MachineFeatureSet: machineFeatureSetJson,
  FromMachineSource: fromMachineSourceJson,
  Clusters: clustersJson,
  ConfineGoogleHD: confineGoogleHdJson,
  ConfineGitHubOrg: confineGitHubOrgJson,
  MaxValidity: maxValidityJson,
  IsMember: isMemberJson,
  FlyioUserID: flyioUserIdJson,
  GitHubUserID: gitHubUserIdJson,
  GoogleUserID: googleUserIdJson,
  Action: actionJson,
  Commands: commandsJson,
  AppFeatureSet: appFeatureSetJson,
  StorageObjects: storageObjectsJson,
  AllowedRoles: allowedRolesJson,
  FlySrc: flySrcJson,
  RunLabel: runLabelJson,
  Networks: networksJson,
}
