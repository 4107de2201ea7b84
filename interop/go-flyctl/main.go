// Command interop-flyctl writes what flyctl's token commands make of a token, with the library that flyctl uses:
//
//	go run . ../../vectors/flyctl-attenuations.json
//
// It comes out the same every time: nothing in it is random, and nothing asks the clock.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/shlex"
	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
	msgpack "github.com/vmihailenco/msgpack/v5"
)

type vector struct {
	// Name says what is made.
	Name string `json:"name"`
	// Command is what follows `tokens`, in flyctl and here.
	Command []string `json:"command"`
	// Token is what the command starts from: what the authority minted, or the token in use.
	Token string `json:"token"`
	// Caveats is what `attenuate` reads.
	Caveats json.RawMessage `json:"caveats,omitempty"`
	// Window is [not before, not after] where the command adds one.
	Window []int64 `json:"window,omitempty"`
	// Added is the wire of the caveats that each permission token of the result has more, in hexadecimal.
	Added []string `json:"added"`
	// Result is what the command prints.
	Result string `json:"result"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: interop-flyctl FILE")
		os.Exit(1)
	}
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, each := range vectors() {
		if i > 0 {
			out.WriteString(",\n")
		}
		line, err := json.Marshal(each)
		must(err)
		out.Write(line)
	}
	out.WriteString("\n]\n")
	must(os.WriteFile(os.Args[1], out.Bytes(), 0o644))
}

func vectors() []vector {
	readOnly := &flyio.Organization{ID: 4242, Mask: resset.ActionRead}
	window := &macaroon.ValidityWindow{NotBefore: 1790000000, NotAfter: 1790086400}
	wireGuard := &resset.IfPresent{
		Ifs: macaroon.NewCaveatSet(
			&flyio.Apps{Apps: resset.ResourceSet[uint64, resset.Action]{}},
			&flyio.FeatureSet{Features: resset.ResourceSet[string, resset.Action]{flyio.FeatureWireGuard: resset.ActionAll}},
		),
		Else: resset.ActionRead,
	}
	read := resset.ActionRead
	ssh := flyio.Mutations{Mutations: []string{"issueCertificate", "addWireGuardPeer"}}
	attenuation := json.RawMessage(`[{"type":"Apps","body":{"apps":{"7":"rC","90":"*"}}},` +
		`{"type":"IfPresent","body":{"ifs":[{"type":"Commands","body":[{"args":["ls"],"exact":true}]}],"else":"r"}},` +
		`{"type":"ValidityWindow","body":{"not_before":1790000000,"not_after":4102444800}},` +
		`{"type":"26","body":"rw"}]`)

	return []vector{
		make1("readonly", []string{"create", "readonly", "-o", "acme"}, organisation(), readOnly),
		make1("readonly of the token in use", []string{"create", "readonly", "--from-existing"}, organisation(), readOnly),
		withWindow(make1("readonly of the token in use, for a day",
			[]string{"create", "readonly", "--from-existing", "-x", "24h"}, organisation(), readOnly, window), window),
		makeAll("ssh", []string{"create", "ssh", "-a", "web"}, deploy(), []macaroon.Caveat{&read}, []macaroon.Caveat{&ssh}),
		machineExec("machine-exec, any command"),
		machineExec("machine-exec, arguments", "--", "ls", "-l"),
		machineExec("machine-exec, one command", "-C", "ls -l"),
		machineExec("machine-exec, commands", "-C", `echo "two words" it\'s`, "-C", `sh -c 'exit 3'`),
		machineExec("machine-exec, prefix", "-p", "bin/rails runner"),
		machineExec("machine-exec, all kinds", "-C", "ls", "-p", "cat /etc", "-p", "ps", "--", "uptime"),
		make1("wireguard", []string{"create", "wireguard", "-o", "acme"}, organisation(), wireGuard),
		make1("litefs-cloud", []string{"create", "litefs-cloud", "-o", "acme", "-c", "db"}, litefs()),
		attenuate(attenuation),
	}
}

// machineExec reads the arguments as flyctl does: words first, then commands, then prefixes.
func machineExec(name string, args ...string) vector {
	var words, exact, prefix flyio.Commands
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "-C", "-p":
			split, err := shlex.Split(args[i+1])
			must(err)
			if args[i] == "-C" {
				exact = append(exact, flyio.Command{Args: split, Exact: true})
			} else {
				prefix = append(prefix, flyio.Command{Args: split})
			}
			i++
		case "--":
			words = append(words, flyio.Command{Args: args[i+1:], Exact: true})
			i = len(args)
		}
	}
	commands := append(append(words, exact...), prefix...)
	if len(commands) == 0 {
		commands = flyio.Commands{{Args: []string{}}}
	}
	return make1(name, append([]string{"create", "machine-exec", "-a", "web"}, args...), deploy(),
		&resset.IfPresent{Ifs: macaroon.NewCaveatSet(&commands), Else: resset.ActionRead})
}

// attenuate narrows two permission tokens that one discharge belongs to.
func attenuate(text json.RawMessage) vector {
	caveats := macaroon.NewCaveatSet()
	must(json.Unmarshal(text, caveats))
	token := macaroon.ToAuthorizationHeader(discharge(), encode(organisation()), encode(deploy()))
	v := vector{Name: "attenuate", Command: []string{"attenuate", "-f", "-"}, Token: token, Caveats: text}
	var results [][]byte
	for _, m := range []*macaroon.Macaroon{organisation(), deploy()} {
		must(m.Add(caveats.Caveats...))
		results = append(results, encode(m))
		v.Added = append(v.Added, hex.EncodeToString(wireOf(caveats.Caveats...)))
	}
	v.Result = macaroon.ToAuthorizationHeader(append(results, discharge())...)
	return v
}

func make1(name string, command []string, m *macaroon.Macaroon, caveats ...macaroon.Caveat) vector {
	return makeAll(name, command, m, caveats)
}

// makeAll makes one permission token of each set of caveats; the discharge stays behind them.
func makeAll(name string, command []string, m *macaroon.Macaroon, sets ...[]macaroon.Caveat) vector {
	wire := encode(m)
	v := vector{Name: name, Command: command, Token: macaroon.ToAuthorizationHeader(wire, discharge()), Added: []string{}}
	var results [][]byte
	for _, caveats := range sets {
		narrowed, err := macaroon.Decode(wire)
		must(err)
		must(narrowed.Add(caveats...))
		results = append(results, encode(narrowed))
		v.Added = append(v.Added, hex.EncodeToString(wireOf(caveats...)))
	}
	v.Result = macaroon.ToAuthorizationHeader(append(results, discharge())...)
	return v
}

func withWindow(v vector, window *macaroon.ValidityWindow) vector {
	v.Window = []int64{window.NotBefore, window.NotAfter}
	return v
}

func organisation() *macaroon.Macaroon {
	return mint("organisation", flyio.LocationPermission, all(), &flyio.IsMember{}, lasting())
}

func deploy() *macaroon.Macaroon {
	return mint("deploy", flyio.LocationPermission, all(), &resset.IfPresent{
		Ifs: macaroon.NewCaveatSet(
			&flyio.Apps{Apps: resset.New(resset.ActionFromString("*"), uint64(7))},
			&flyio.FeatureSet{Features: resset.New(resset.ActionFromString("*"), flyio.FeatureWireGuard, flyio.FeatureRemoteBuilders)},
		),
		Else: resset.ActionRead,
	}, &flyio.IsMember{}, lasting())
}

func litefs() *macaroon.Macaroon {
	return mint("litefs", flyio.LocationPermission, all(),
		&flyio.FeatureSet{Features: resset.New(resset.ActionFromString("*"), flyio.FeatureLFSC)},
		&flyio.Clusters{Clusters: resset.New(resset.ActionFromString("*"), "db")}, &flyio.IsMember{}, lasting())
}

func discharge() []byte {
	return encode(mint("discharge", "https://auth.example", lasting()))
}

func all() macaroon.Caveat {
	return &flyio.Organization{ID: 4242, Mask: resset.ActionFromString("*")}
}

func lasting() macaroon.Caveat {
	return &macaroon.ValidityWindow{NotBefore: 1780000000, NotAfter: 4102444800}
}

// mint signs with a nonce that depends on the name alone; the library would draw one.
func mint(name, location string, caveats ...macaroon.Caveat) *macaroon.Macaroon {
	nonce := []byte{0x93, 0xc4, 8}
	nonce = append(nonce, sum("kid/" + name)[:8]...)
	nonce = append(append(nonce, 0xc4, 16), sum("rnd/" + name)[:16]...)
	nonce = append(nonce, 0xc2)
	m := &macaroon.Macaroon{Location: location, UnsafeCaveats: *macaroon.NewCaveatSet(caveats...)}
	must(msgpack.Unmarshal(nonce, &m.Nonce))
	m.Tail = sign(sum("key/"+name), m.Nonce.MustEncode())
	for _, caveat := range caveats {
		m.Tail = sign(m.Tail, wireOf(caveat))
	}
	return m
}

func sum(text string) []byte {
	digest := sha256.Sum256([]byte(text))
	return digest[:]
}

func sign(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

func wireOf(caveats ...macaroon.Caveat) []byte {
	wire, err := macaroon.NewCaveatSet(caveats...).MarshalMsgpack()
	must(err)
	return wire
}

func encode(m *macaroon.Macaroon) []byte {
	wire, err := m.Encode()
	must(err)
	return wire
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
