package main

import (
	"math"
	"time"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
)

// asked is a discharge access as the vectors spell it: somebody asks a third party for a discharge.
type asked struct {
	Expiry float64         `json:"expiry"`
	Flyio  []flyioAccount  `json:"flyio,omitempty"`
	Google []googleAccount `json:"google,omitempty"`
	GitHub []gitHubAccount `json:"gitHub,omitempty"`
}

type flyioAccount struct {
	UserID          uint64   `json:"userId"`
	OrganizationIDs []uint64 `json:"organizationIds"`
}

type googleAccount struct {
	HD string `json:"hd"`
}

type gitHubAccount struct {
	OrgIDs []uint64 `json:"orgIds"`
}

// timeless is an access that has nothing but a time.
type timeless struct{ now time.Time }

func (t timeless) Now() time.Time  { return t.now }
func (t timeless) Validate() error { return nil }

// access is what each caveat is held against. Go's discharge request takes the time from the clock: so its end is put as
// far behind that as it lies behind the time of our choice, and windows, which look at the time alone, are given that.
func (q asked) access(now float64) func(macaroon.Caveat) macaroon.Access {
	request := &auth.DischargeRequest{}
	for _, account := range q.Flyio {
		request.Flyio = append(request.Flyio, &auth.FlyioAuth{UserID: account.UserID, OrganizationIDs: account.OrganizationIDs})
	}
	for _, account := range q.Google {
		request.Google = append(request.Google, &auth.GoogleAuth{HD: account.HD})
	}
	for _, account := range q.GitHub {
		request.GitHub = append(request.GitHub, &auth.GitHubAuth{OrgIDs: account.OrgIDs})
	}
	return func(caveat macaroon.Caveat) macaroon.Access {
		switch caveat.(type) {
		case *macaroon.ValidityWindow:
			return timeless{timeOf(now)}
		case *auth.MaxValidity:
			request.Expiry = after(q.Expiry - now)
		}
		return request
	}
}

func after(seconds float64) time.Time {
	if math.Abs(seconds) < 9e9 {
		return time.Now().Add(time.Duration(seconds * 1e9))
	}
	return time.Unix(time.Now().Unix()+int64(seconds), 0)
}

func timeOf(seconds float64) time.Time {
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9))
}
