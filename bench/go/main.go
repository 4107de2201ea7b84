// Verifies tokens with superfly/macaroon as often as it is told to, and says how long that took.
//
// It reads the tokens as one line of JSON, then lines of a kind and a count; to each of those it answers with the
// nanoseconds that one verification took.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

type tokens struct {
	Key      []byte
	Location string
	Now      int64
	OrgID    uint64
	AppID    uint64
	Kinds    [][]string
}

// access is judged at a time of its own.
type access struct {
	flyio.Access
	now time.Time
}

func (a *access) Now() time.Time { return a.now }

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	var given tokens
	first, err := lines.ReadBytes('\n')
	check(err)
	check(json.Unmarshal(first, &given))
	fmt.Println("ready")
	for {
		var kind, count int
		if _, err := fmt.Fscanln(lines, &kind, &count); err != nil {
			return
		}
		headers := given.Kinds[kind]
		started := time.Now()
		for i := 0; i < count; i++ {
			check(decide(&given, headers[i%len(headers)]))
		}
		fmt.Printf("%d\n", time.Since(started).Nanoseconds()/int64(count))
	}
}

// decide does what a service does with a header: parse it, decode it, verify it, and hold it against an access.
func decide(given *tokens, header string) error {
	parsed, err := macaroon.Parse(header)
	if err != nil {
		return err
	}
	var caveats *macaroon.CaveatSet
	if len(parsed) == 1 {
		decoded, err := macaroon.Decode(parsed[0])
		if err != nil {
			return err
		}
		caveats, err = decoded.Verify(given.Key, nil, nil)
		if err != nil {
			return err
		}
	} else {
		permissions, _, discharges, _, err := macaroon.FindPermissionAndDischargeTokens(parsed, given.Location)
		if err != nil {
			return err
		}
		caveats, err = permissions[0].VerifyParsed(given.Key, discharges, nil)
		if err != nil {
			return err
		}
	}
	return caveats.Validate(&access{
		Access: flyio.Access{OrgID: &given.OrgID, AppID: &given.AppID, Action: resset.ActionRead},
		now:    time.Unix(given.Now, 0),
	})
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
