package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"

	"github.com/superfly/macaroon"
	"github.com/superfly/macaroon/auth"
	"github.com/superfly/macaroon/flyio"
	"github.com/superfly/macaroon/resset"
)

// generate prints random tokens with their keys and with Go's verdicts on random accesses.
func generate(seed int64, count int) error {
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	r := rand.New(rand.NewSource(seed))
	for i := 0; i < count; i++ {
		key := randomBytes(r, 32)
		fields := 2 + r.Intn(2)
		nonce := nonceOf(randomBytes(r, r.Intn(20)), randomBytes(r, 16), fields, fields == 3 && r.Intn(8) == 0)
		caveats := randomCaveats(r, 1+r.Intn(6), 3)
		m := mint(key, nonce, permission, caveats...)
		set, err := macaroon.DecodeCaveats(wireOf(caveats...))
		if err != nil {
			return err
		}
		list := make([]attempt, 4)
		verdicts := make([]string, len(list))
		for j := range list {
			list[j] = randomAttempt(r)
			verdicts[j] = verdict(set, list[j])
		}
		line := map[string]any{
			"key": toHex(key), "token": toHex(encode(m)), "uuid": nonce.UUID().String(), "caveats": toHex(wireOf(caveats...)),
			"accesses": list, "verdicts": verdicts,
		}
		if text, err := json.Marshal(set); err == nil {
			line["json"] = string(text)
		}
		text, err := json.Marshal(line)
		if err != nil {
			return err
		}
		fmt.Fprintf(writer, "%s\n", text)
	}
	return nil
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

func randomCaveats(r *rand.Rand, n, depth int) []macaroon.Caveat {
	out := make([]macaroon.Caveat, n)
	for i := range out {
		out[i] = randomCaveat(r, depth)
	}
	return out
}

func randomCaveat(r *rand.Rand, depth int) macaroon.Caveat {
	kinds := 21
	if depth == 0 {
		kinds = 18
	}
	switch r.Intn(kinds) {
	case 0, 1:
		return organization(randomID(r), randomMask(r))
	case 2:
		return &flyio.Apps{Apps: randomIDs(r)}
	case 3:
		return &flyio.Machines{Machines: randomNames(r)}
	case 4:
		return &flyio.Volumes{Volumes: randomNames(r)}
	case 5:
		return &flyio.FeatureSet{Features: randomNames(r)}
	case 6:
		return window(r.Int63n(3000), r.Int63n(3000))
	case 7:
		return ptr(randomMask(r))
	case 8:
		return &flyio.Mutations{Mutations: randomTexts(r)}
	case 9:
		list := make([]flyio.Command, r.Intn(3))
		for i := range list {
			list[i] = flyio.Command{Args: randomTexts(r), Exact: r.Intn(2) == 0}
		}
		return commands(list...)
	case 10:
		return &flyio.IsMember{}
	case 11:
		return ptr(flyio.AllowedRoles([]uint32{0, 1, 2, 3, 0xffffffff, r.Uint32()}[r.Intn(6)]))
	case 12:
		return &flyio.MachineFeatureSet{Features: randomNames(r)}
	case 13:
		return &flyio.AppFeatureSet{Features: randomNames(r)}
	case 14:
		return prefixes(randomNames(r))
	case 15:
		return &flyio.FromMachine{ID: randomName(r)}
	case 16:
		return &flyio.FlySrc{Organization: randomName(r), App: randomName(r), Instance: randomName(r)}
	case 17:
		return []macaroon.Caveat{&flyio.IsUser{ID: randomID(r)}, auth.RequireUser(randomID(r)), auth.RequireOrganization(randomID(r)),
			auth.RequireGoogleHD(randomName(r)), auth.RequireGitHubOrg(randomID(r)), ptr(auth.MaxValidity(randomID(r)))}[r.Intn(6)]
	case 18:
		if r.Intn(4) > 0 {
			return randomCaveat(r, depth)
		}
		return unknown(4000+uint64(r.Intn(1000)), []string{"c3", "91c0", "a161", "cf0000000000000001"}[r.Intn(4)])
	default:
		return &resset.IfPresent{Ifs: macaroon.NewCaveatSet(randomCaveats(r, r.Intn(4), depth-1)...), Else: randomMask(r)}
	}
}

// Few values, so that caveats and accesses meet.
func randomID(r *rand.Rand) uint64 {
	return []uint64{0, 1, 2, 2, 300, 1 << 40, 1<<64 - 1}[r.Intn(7)]
}

func randomName(r *rand.Rand) string {
	return []string{"", "a", "b", "wg", "membership", "litefs-cloud", "é😀", "\uffff"}[r.Intn(8)]
}

func randomMask(r *rand.Rand) action {
	return []action{0, 1, 3, 16, 31, 31, every, every, action(r.Intn(1 << 16))}[r.Intn(9)]
}

func randomIDs(r *rand.Rand) ids {
	if r.Intn(10) == 0 {
		return nil
	}
	set := ids{}
	for i := r.Intn(4); i > 0; i-- {
		set[randomID(r)] = randomMask(r)
	}
	return set
}

func randomNames(r *rand.Rand) names {
	if r.Intn(10) == 0 {
		return nil
	}
	set := names{}
	for i := r.Intn(4); i > 0; i-- {
		set[randomName(r)] = randomMask(r)
	}
	return set
}

func randomTexts(r *rand.Rand) []string {
	if r.Intn(10) == 0 {
		return nil
	}
	out := make([]string, r.Intn(3))
	for i := range out {
		out[i] = randomName(r)
	}
	return out
}

func randomAttempt(r *rand.Rand) attempt {
	maybe := func(chance int) *string {
		if r.Intn(chance) > 0 {
			return nil
		}
		return ptr(randomName(r))
	}
	a := attempt{Action: uint16(randomMask(r)), Now: float64(r.Intn(6000)) / 2}
	if r.Intn(20) > 0 {
		a.OrgID = ptr(randomID(r))
	}
	if r.Intn(2) == 0 {
		a.AppID = ptr(randomID(r))
		a.Machine, a.Volume, a.AppFeature, a.MachineFeature = maybe(2), maybe(8), maybe(8), maybe(8)
		if r.Intn(4) == 0 {
			list := append([]string{}, randomTexts(r)...)
			a.Command = &list
		}
	} else {
		a.Feature = maybe(2)
	}
	a.Mutation, a.Cluster, a.StorageObject = maybe(5), maybe(20), maybe(8)
	a.SourceMachine, a.SourceApp, a.SourceOrganization = maybe(3), maybe(3), maybe(3)
	return a
}
