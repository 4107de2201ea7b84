package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"crypto/rand"

	"github.com/superfly/macaroon"
)

// played is one case of interop/compare.ts, to be done with the library.
type played struct {
	Random    []byte              `json:"random"`
	KID       []byte              `json:"kid"`
	Key       []byte              `json:"key"`
	Location  string              `json:"location"`
	Mint      []step              `json:"mint"`
	More      []step              `json:"more"`
	Answers   []plannedAnswer     `json:"answers"`
	Token     []byte              `json:"token"`
	Presented [][]byte            `json:"presented"`
	VerifyKey []byte              `json:"verifyKey"`
	Trusted   map[string][][]byte `json:"trusted"`
	Accesses  []attempt           `json:"accesses"`
}

// step adds caveats, or a demand on a third party.
type step struct {
	Caveats []byte        `json:"caveats"`
	Party   *plannedParty `json:"party"`
}

type plannedParty struct {
	Key      []byte `json:"key"`
	Location string `json:"location"`
	Caveats  []byte `json:"caveats"`
}

type plannedAnswer struct {
	Party    int    `json:"party"`
	Location string `json:"location"`
	Caveats  []byte `json:"caveats"`
	Proof    bool   `json:"proof"`
	Bind     string `json:"bind"`
}

// outcome is what the library made of it.
type outcome struct {
	// Made is the token, null where the library refused to make it, and then the discharges.
	Made [][]byte `json:"made"`
	// Tickets are the caveats in the tickets that were opened.
	Tickets [][]byte `json:"tickets"`
	// Kind is that of verifyKind, for what was presented; Respelt, whether the library would write that otherwise.
	Kind    string `json:"kind"`
	Respelt bool   `json:"respelt"`
	// Caveats is what was verified, and Verdicts has one entry for every access.
	Caveats  []byte   `json:"caveats"`
	Verdicts []string `json:"verdicts"`
}

func play(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), 1<<24)
	writer := bufio.NewWriterSize(out, 1<<16)
	defer writer.Flush()
	source := &feed{}
	rand.Reader = source
	for lines.Scan() {
		// An empty line asks for what was answered so far.
		if len(lines.Bytes()) == 0 {
			if err := writer.Flush(); err != nil {
				return err
			}
			continue
		}
		var p played
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return err
		}
		source.bytes = p.Random
		text, err := json.Marshal(p.run(source))
		if err != nil {
			return err
		}
		if _, err := writer.Write(append(text, '\n')); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (p *played) run(source *feed) (o outcome) {
	defer func() {
		if recover() != nil {
			o.Kind = "panics"
		}
	}()
	made, tickets, err := p.make(source)
	if err != nil {
		return outcome{Kind: "refused"}
	}
	o.Made, o.Tickets = made, tickets
	trusted := keys{}
	for location, list := range p.Trusted {
		for _, key := range list {
			trusted[location] = append(trusted[location], key)
		}
	}
	if len(p.Token) == 0 {
		o.Kind = "not asked"
		return o
	}
	set, kind := verifyKind(p.Token, p.VerifyKey, p.Presented, trusted)
	o.Kind = kind
	if m, err := macaroon.Decode(p.Token); err == nil {
		again, err := m.Encode()
		o.Respelt = err != nil || string(again) != string(p.Token)
	}
	if set == nil {
		return o
	}
	o.Caveats = wireOf(set.Caveats...)
	for _, access := range p.Accesses {
		o.Verdicts = append(o.Verdicts, verdict(set, access))
	}
	return o
}

// party is a demand that was made, with the key that the library does not show.
type party struct {
	caveat       *macaroon.Caveat3P
	shared       []byte
	dischargeKey []byte
}

func (p *played) make(source *feed) (made, tickets [][]byte, err error) {
	var parties []party
	first, err := prepare(p.Mint, source, &parties)
	if err != nil {
		return nil, nil, err
	}
	m, err := macaroon.New(p.KID, p.Location, p.Key)
	if err != nil {
		return nil, nil, err
	}
	if err := m.Add(first...); err != nil {
		return nil, nil, err
	}
	minted := encode(m)
	more, err := prepare(p.More, source, &parties)
	if err != nil {
		return nil, nil, err
	}
	// Whoever attenuates starts from the wire.
	if m, err = macaroon.Decode(minted); err != nil {
		return nil, nil, err
	}
	if err := m.Add(more...); err != nil {
		return nil, nil, err
	}
	token := encode(m)
	made = [][]byte{token}
	for _, answer := range p.Answers {
		wire, inTicket, err := answer.discharge(parties[answer.Party], source, map[string][]byte{"to the token": token, "to the token as minted": minted}[answer.Bind])
		if err != nil {
			wire = nil
		}
		made, tickets = append(made, wire), append(tickets, inTicket)
	}
	return made, tickets, nil
}

func prepare(steps []step, source *feed, parties *[]party) ([]macaroon.Caveat, error) {
	var out []macaroon.Caveat
	for _, s := range steps {
		if s.Party == nil {
			set, err := macaroon.DecodeCaveats(s.Caveats)
			if err != nil {
				return nil, err
			}
			out = append(out, set.Caveats...)
			continue
		}
		inTicket, err := macaroon.DecodeCaveats(s.Party.Caveats)
		if err != nil {
			return nil, err
		}
		dischargeKey := append([]byte{}, source.bytes[:32]...)
		caveat, err := macaroon.NewCaveat3P(s.Party.Key, s.Party.Location, inTicket.Caveats...)
		if err != nil {
			return nil, err
		}
		out = append(out, caveat)
		*parties = append(*parties, party{caveat, s.Party.Key, dischargeKey})
	}
	return out, nil
}

func (a plannedAnswer) discharge(to party, source *feed, parent []byte) (wire, inTicket []byte, err error) {
	set, err := macaroon.DecodeCaveats(a.Caveats)
	if err != nil {
		return nil, nil, err
	}
	rnd := append([]byte{}, source.bytes[:16]...)
	caveats, m, err := macaroon.DischargeTicket(to.shared, a.Location, to.caveat.Ticket)
	if err != nil {
		return nil, nil, err
	}
	inTicket = wireOf(caveats...)
	if !a.Proof {
		// The library makes only proofs by now.
		m = mint(to.dischargeKey, nonceOf(to.caveat.Ticket, rnd, 3, false), a.Location)
	}
	if err := m.Add(set.Caveats...); err != nil {
		return nil, inTicket, err
	}
	if parent != nil {
		if err := m.Bind(parent); err != nil {
			return nil, inTicket, err
		}
	}
	wire = encode(m)
	again, err := macaroon.Decode(wire)
	if err != nil {
		return nil, inTicket, err
	}
	if a.Proof && again.Add(set.Caveats...) == nil && len(set.Caveats) > 0 {
		return nil, inTicket, errors.New("a finished proof took a caveat")
	}
	return wire, inTicket, nil
}
