package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/superfly/macaroon"
)

// question is one line for judge; which fields count depends on what is asked.
type question struct {
	Ask      string    `json:"ask"`
	Token    []byte    `json:"token"`
	Key      []byte    `json:"key"`
	Caveats  []byte    `json:"caveats"`
	Text     string    `json:"text"`
	Accesses []attempt `json:"accesses"`
}

// answer is one line from judge.
type answer struct {
	// Verdict is that of goVerdict.
	Verdict string `json:"verdict,omitempty"`
	UUID    string `json:"uuid,omitempty"`
	// Token is the token as Go would write it; null where it does not decode.
	Token []byte `json:"token,omitempty"`
	// Caveats is the set as Go would write it.
	Caveats []byte `json:"caveats,omitempty"`
	JSON    string `json:"json,omitempty"`
	// Verdicts has one entry for every access.
	Verdicts []string `json:"verdicts,omitempty"`
	Tokens   [][]byte `json:"tokens,omitempty"`
}

func judge(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	writer := bufio.NewWriter(out)
	defer writer.Flush()
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return err
		}
		text, err := json.Marshal(reply(q))
		if err != nil {
			return err
		}
		fmt.Fprintf(writer, "%s\n", text)
	}
	return lines.Err()
}

func reply(q question) (a answer) {
	defer func() {
		if recover() != nil {
			a = answer{Verdict: "panics"}
		}
	}()
	switch q.Ask {
	case "token":
		a.Verdict = goVerdict(q.Token, q.Key)
		if m, err := macaroon.Decode(q.Token); err == nil {
			a.UUID = m.Nonce.UUID().String()
			if wire, err := m.Encode(); err == nil {
				a.Token = wire
			}
		}
	case "attenuate":
		m, err := macaroon.Decode(q.Token)
		if err != nil {
			break
		}
		set, err := macaroon.DecodeCaveats(q.Caveats)
		if err != nil {
			break
		}
		if m.Add(set.Caveats...) == nil {
			a.Token = encode(m)
		}
	case "caveats":
		set, err := macaroon.DecodeCaveats(q.Caveats)
		if err != nil {
			break
		}
		if wire, err := set.MarshalMsgpack(); err == nil {
			a.Caveats = wire
		}
		if text, err := json.Marshal(set); err == nil {
			a.JSON = string(text)
		}
		for _, access := range q.Accesses {
			a.Verdicts = append(a.Verdicts, verdict(set, access))
		}
	case "json":
		a.Caveats = wireFromJSON(q.Text)
	case "header":
		if tokens, err := macaroon.Parse(q.Text); err == nil {
			a.Tokens = tokens
		}
	}
	return a
}
