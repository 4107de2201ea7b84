package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

// attempt is an access as the vectors spell it; where it asks for a discharge, only that and the time count.
type attempt struct {
	Discharge          *asked    `json:"discharge,omitempty"`
	Action             uint16    `json:"action"`
	Now                float64   `json:"now"`
	OrgID              *uint64   `json:"orgId,omitempty"`
	AppID              *uint64   `json:"appId,omitempty"`
	AppFeature         *string   `json:"appFeature,omitempty"`
	Feature            *string   `json:"feature,omitempty"`
	Volume             *string   `json:"volume,omitempty"`
	Machine            *string   `json:"machine,omitempty"`
	MachineFeature     *string   `json:"machineFeature,omitempty"`
	Mutation           *string   `json:"mutation,omitempty"`
	SourceMachine      *string   `json:"sourceMachine,omitempty"`
	SourceApp          *string   `json:"sourceApp,omitempty"`
	SourceOrganization *string   `json:"sourceOrganization,omitempty"`
	Cluster            *string   `json:"cluster,omitempty"`
	Command            *[]string `json:"command,omitempty"`
	StorageObject      *string   `json:"storageObject,omitempty"`
}

// timedAccess is Go's access at a time of our choice.
type timedAccess struct {
	*flyio.Access
	now time.Time
}

func (a *timedAccess) Now() time.Time { return a.now }

func (a attempt) access() *timedAccess {
	access := &flyio.Access{
		Action: resset.Action(a.Action), OrgID: a.OrgID, AppID: a.AppID, AppFeature: a.AppFeature, Feature: a.Feature,
		Volume: a.Volume, Machine: a.Machine, MachineFeature: a.MachineFeature, Mutation: a.Mutation,
		SourceMachine: a.SourceMachine, SourceApp: a.SourceApp, SourceOrganization: a.SourceOrganization, Cluster: a.Cluster,
	}
	if a.Command != nil {
		access.Command = append([]string{}, *a.Command...)
	}
	if a.StorageObject != nil {
		access.StorageObject = ptr(resset.Prefix(*a.StorageObject))
	}
	return &timedAccess{access, timeOf(a.Now)}
}

// verdict is "" where the set allows the access, "access" where the access itself is refused, and otherwise the number of
// each caveat that forbids, with every kind of error that its answer contains: "0:resource 2:action|role".
func verdict(set *macaroon.CaveatSet, a attempt) (out string) {
	defer func() {
		if recover() != nil {
			out = "panics"
		}
	}()
	if a.Discharge != nil {
		return strings.Join(refusals(set, a.Discharge.access(a.Now)), " ")
	}
	access := a.access()
	whole := set.Validate(access)
	if access.Validate() != nil {
		if whole == nil {
			panic("an invalid access was allowed")
		}
		return "access"
	}
	parts := refusals(set, func(macaroon.Caveat) macaroon.Access { return access })
	if (whole == nil) != (len(parts) == 0) {
		panic("the set and its caveats disagree")
	}
	return strings.Join(parts, " ")
}

func refusals(set *macaroon.CaveatSet, access func(macaroon.Caveat) macaroon.Access) (parts []string) {
	for i, caveat := range set.Caveats {
		if macaroon.IsAttestation(caveat) {
			continue
		}
		if err := caveat.Prohibits(access(caveat)); err != nil {
			parts = append(parts, strconv.Itoa(i)+":"+kinds(err))
		}
	}
	return parts
}

// kinds names every kind of refusal in an error; one may hold several.
func kinds(err error) string {
	var found []string
	add := func(name string, is bool) {
		if is {
			found = append(found, name)
		}
	}
	text := err.Error()
	unspecified := errors.Is(err, resset.ErrResourceUnspecified)
	add("unspecified", unspecified)
	add("invalid-access", !unspecified && errors.Is(err, macaroon.ErrInvalidAccess))
	add("resource", errors.Is(err, resset.ErrUnauthorizedForResource))
	add("action", errors.Is(err, resset.ErrUnauthorizedForAction))
	add("role", errors.Is(err, flyio.ErrUnauthorizedForRole))
	add("bad-caveat", errors.Is(err, macaroon.ErrBadCaveat))
	add("time", contains(text, "token only valid until", "token not valid until", "exceeds max validity window"))
	add("source", contains(text, "source, expected from"))
	add("identity", contains(text, "must authenticate with"))
	if len(found) == 0 {
		panic("a refusal of no known kind: " + text)
	}
	return strings.Join(found, "|")
}

func contains(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
