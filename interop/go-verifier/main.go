// A service in Go that asks an authority about the tokens it is sent, through superfly/macaroon's own client. It reads
// a question a line, and answers each with a line; its one argument is the authority's URL.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/bundle"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/flyio/machinesapi"
)

type question struct {
	// authenticate, or authorize.
	Do     string              `json:"do"`
	Header string              `json:"header"`
	Access *machinesapi.Access `json:"access"`
	// Held against what was verified, here and without the authority.
	Clear *flyio.Access `json:"clear"`
	// Whether the answers of before may be remembered.
	Cached bool `json:"cached"`
}

type answer struct {
	// What each permission token came to, in the order of the header: its caveats, or nothing.
	Verified []*macaroon.CaveatSet `json:"verified"`
	Access   *flyio.Access         `json:"access,omitempty"`
	Cleared  string                `json:"cleared,omitempty"`
	Error    string                `json:"error,omitempty"`
	Status   int                   `json:"status,omitempty"`
}

func main() {
	base, err := url.Parse(os.Args[1])
	if err != nil {
		panic(err)
	}
	client := &machinesapi.Client{BaseURL: base}
	cache := bundle.NewVerificationCache(client, time.Minute, 100)

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			panic(err)
		}
		line, err := json.Marshal(reply(client, cache, q))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}

func reply(client *machinesapi.Client, cache *bundle.VerificationCache, q question) (a answer) {
	ctx := context.Background()
	sent, err := flyio.ParseBundle(q.Header)
	if err != nil {
		a.Error = err.Error()
		return a
	}
	switch q.Do {
	case "authenticate":
		var verifier bundle.Verifier = client
		if q.Cached {
			verifier = cache
		}
		_, err = sent.Verify(ctx, verifier)
	case "authorize":
		a.Access, err = client.AuthorizeBundle(ctx, sent, q.Access)
	default:
		panic("no such question: " + q.Do)
	}
	if err != nil {
		a.Error = err.Error()
		var refused *machinesapi.ServerError
		if errors.As(err, &refused) {
			a.Status = refused.StatusCode
		}
	}
	for _, caveats := range bundle.Map(sent.Select(flyio.IsPermissionToken), caveatsOf) {
		a.Verified = append(a.Verified, caveats)
	}
	if q.Clear != nil {
		a.Cleared = "allowed"
		if err := sent.Validate(q.Clear); err != nil {
			a.Cleared = err.Error()
		}
	}
	return a
}

func caveatsOf(token bundle.Macaroon) *macaroon.CaveatSet {
	if verified, ok := token.(*bundle.VerifiedMacaroon); ok {
		return verified.Caveats
	}
	return nil
}
