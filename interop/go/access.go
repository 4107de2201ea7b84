package main

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

// attempt is an access as the vectors spell it.
type attempt struct {
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
	whole, fraction := math.Modf(a.Now)
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
	return &timedAccess{access, time.Unix(int64(whole), int64(fraction*1e9))}
}

// verdict is "" where the set allows the access, "access" where the access itself is refused, and otherwise the number of
// each caveat that forbids, with every kind of error that its answer contains: "0:resource 2:action|role".
func verdict(set *macaroon.CaveatSet, access *timedAccess) (out string) {
	defer func() {
		if recover() != nil {
			out = "panics"
		}
	}()
	whole := set.Validate(access)
	if access.Validate() != nil {
		if whole == nil {
			panic("an invalid access was allowed")
		}
		return "access"
	}
	var parts []string
	for i, caveat := range set.Caveats {
		if macaroon.IsAttestation(caveat) {
			continue
		}
		if err := caveat.Prohibits(access); err != nil {
			parts = append(parts, strconv.Itoa(i)+":"+kinds(err))
		}
	}
	if (whole == nil) != (len(parts) == 0) {
		panic("the set and its caveats disagree")
	}
	return strings.Join(parts, " ")
}

func kinds(err error) string {
	var found []string
	for _, kind := range []struct {
		name string
		err  error
	}{
		{"unspecified", resset.ErrResourceUnspecified},
		{"resource", resset.ErrUnauthorizedForResource},
		{"action", resset.ErrUnauthorizedForAction},
		{"role", flyio.ErrUnauthorizedForRole},
		{"bad-caveat", macaroon.ErrBadCaveat},
	} {
		if errors.Is(err, kind.err) {
			found = append(found, kind.name)
		}
	}
	if strings.Contains(err.Error(), "token only valid until") || strings.Contains(err.Error(), "token not valid until") {
		found = append(found, "time")
	}
	if len(found) == 0 {
		panic("a refusal of no known kind: " + err.Error())
	}
	return strings.Join(found, "|")
}
