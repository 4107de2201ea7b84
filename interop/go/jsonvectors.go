package main

import (
	"encoding/json"

	"github.com/superfly/macaroon"
)

// jsonVectors pairs JSON texts with what is expected of us: "ok" and the wire, or a part of the message of the error. Go is
// laxer; what it makes of the text stands beside it.
func jsonVectors() []any {
	var out []any
	add := func(text, expected string) {
		entry := map[string]any{"json": text, "expected": expected}
		if wire := wireFromJSON(text); wire != nil {
			entry["go"] = toHex(wire)
		}
		out = append(out, entry)
	}
	for _, text := range []string{
		`[]`,
		`[{"type":"Organization","body":{"id":123,"mask":"rwcdC"}}]`,
		` [ { "body" : { "mask" : "*" , "id" : 18446744073709551615 } , "type" : "Organization" } ] `,
		`[{"type":"DeprecatedOrganization","body":{"id":9007199254740993,"mask":""}}]`,
		`[{"type":"0","body":{"id":1,"mask":"Cr"}}]`,
		`[{"type":"Apps","body":{"apps":{"9":"r","7":"*","18446744073709551615":"w"}}}]`,
		`[{"type":"DeprecatedApps","body":{"apps":{}}},{"type":"Apps","body":{"apps":null}}]`,
		`[{"type":"Machines","body":{"machines":{"b\u00e9":"C","a":"r","\ud83d\ude00":"w","\uffff":"r"}}}]`,
		`[{"type":"Volumes","body":{"volumes":{"":"r"}}},{"type":"FeatureSet","body":{"features":{"wg":"*"}}},{"type":"Clusters","body":{"clusters":{"c":"rw"}}}]`,
		`[{"type":"ValidityWindow","body":{"not_before":-9223372036854775808,"not_after":9223372036854775807}}]`,
		`[{"type":"ValidityWindow","body":{"not_after":5}}]`,
		`[{"type":"Action","body":"rw"},{"type":"Action","body":"*"},{"type":"Action","body":""}]`,
		`[{"type":"IsMember","body":{}},{"type":"NoAdminFeatures","body":{}}]`,
		`[{"type":"AllowedRoles","body":4294967295},{"type":"30","body":0}]`,
		`[{"type":"Mutations","body":{"mutations":["a","b"]}},{"type":"Mutations","body":{"mutations":null}},{"type":"Mutations","body":{"mutations":[]}}]`,
		`[{"type":"Commands","body":[{"args":["ls"],"exact":true},{"args":null},{"args":[],"exact":false}]},{"type":"Commands","body":[]}]`,
		`[{"type":"IfPresent","body":{"ifs":[{"type":"Apps","body":{"apps":{"5":"r"}}},{"type":"IfPresent","body":{"ifs":[],"else":"*"}}],"else":"r"}}]`,
		`[{"type":"IfPresent","body":{"ifs":null,"else":"r"}}]`,
		`[{"type":"3P","body":{"Location":"https://auth.fly.io","VerifierKey":"AAAA","Ticket":"/+8="}},{"type":"BindToParentToken","body":"AAECAw=="}]`,
		`[{"type":"ConfineUser","body":{"id":18446744073709551615}},{"type":"8","body":{"id":0}},{"type":"ConfineOrganization","body":{"id":12}}]`,
		`[{"type":"ConfineGoogleHD","body":"example.com"},{"type":"ConfineGitHubOrg","body":5},{"type":"MaxValidity","body":3600}]`,
		`[{"type":"IsUser","body":{"uint64":9}},{"type":"FromMachineSource","body":{"id":"148e21"}}]`,
		`[{"type":"MachineFeatureSet","body":{"features":{"metadata":"r"}}},{"type":"AppFeatureSet","body":{"features":null}}]`,
		`[{"type":"StorageObjects","body":{"storage_objects":{"https://s/b":"r","":"*"}}},{"type":"29","body":{"storage_objects":{}}}]`,
		`[{"type":"FlySrc","body":{"organization":"o","app":"a","instance":"i"}},{"type":"FlySrc","body":{"app":"a"}}]`,
		`[{"type":"FlyioUserID","body":18446744073709551615},{"type":"GitHubUserID","body":1},{"type":"GoogleUserID","body":123456789012345678901234567890}]`,
	} {
		add(text, "ok")
	}
	refused := [][2]string{
		{``, `Character 1: expected a value`},
		{`[{"type":"ValidityWindow","body":{"not_before":-0,"not_after":5}}]`, `[0].body.not_before: must be a whole number`},
		{`[{"type":"Organization","body":{"id":-0,"mask":"r"}}]`, `[0].body.id: must be a whole number`},
		{`[{"type":"GoogleUserID","body":115792089237316195423570985008687907853269984665640564039457584007913129639936}]`, `[0].body: must be between 0 and`},
		{`[{"type":"FlySrc","body":null}]`, `[0].body: must be an object`},
		{`[{"type":"IsMember","body":null}]`, `[0].body: must be an object`},
		{`[{"type":"Apps","body":{"apps":{"7":null}}}]`, `[0].body.apps["7"]: must be a string`},
		{`[{"type":"Organization","body":{"id":null,"mask":null}}]`, `[0].body.id: must be a whole number`},
		{`[{"type":"AllowedRoles","body":null}]`, `[0].body: must be a whole number`},
		{`nonsense`, `Character 1: this is no value of JSON`},
		{`[`, `Character 2: expected a value`},
		{`[}`, `Character 2: expected a value`},
		{`[] []`, `Character 4: the value ends here`},
		{`[01]`, `Character 2: this is no value of JSON`},
		{`{"type":"Action","body":"r"}`, `The whole: must be an array`},
		{`null`, `The whole: must be an array`},
		{`[null]`, `[0]: must be an object`},
		{`[{}]`, `[0].type: is missing`},
		{`[{"type":"Action"}]`, `[0].body: is missing`},
		{`[{"type":"Action","body":null}]`, `[0].body: must be a string`},
		{`[{"type":7,"body":null}]`, `[0].type: must be a string`},
		{`[{"type":"Action","body":"r","extra":1}]`, `[0]: unknown field "extra"`},
		{`[{"type":"Action","body":"r","body":"w"}]`, `the field "body" stands here twice`},
		{`[{"type":"Action","body":"rx"}]`, `[0].body: unknown action "x"`},
		{`[{"type":"Action","body":"r*"}]`, `[0].body: unknown action "*"`},
		{`[{"type":"Action","body":31}]`, `[0].body: must be a string`},
		{`[{"type":"IsMember","body":{}},{"type":"IsMember","body":{}},{"type":"Organization","body":{"id":1,"mask":"x"}}]`, `[2].body.mask: unknown action "x"`},
		{`[{"type":"Organization","body":{"id":1}}]`, `[0].body.mask: is missing`},
		{`[{"type":"Organization","body":{"mask":"r"}}]`, `[0].body.id: is missing`},
		{`[{"type":"Organization","body":{"ID":1,"mask":"r"}}]`, `[0].body: unknown field "ID"`},
		{`[{"type":"Organization","body":{"id":"1","mask":"r"}}]`, `[0].body.id: must be a whole number`},
		{`[{"type":"Organization","body":{"id":1.0,"mask":"r"}}]`, `[0].body.id: must be a whole number`},
		{`[{"type":"Organization","body":{"id":1e3,"mask":"r"}}]`, `[0].body.id: must be a whole number`},
		{`[{"type":"Organization","body":{"id":-1,"mask":"r"}}]`, `[0].body.id: must be between 0 and 18446744073709551615`},
		{`[{"type":"Organization","body":{"id":18446744073709551616,"mask":"r"}}]`, `[0].body.id: must be between`},
		{`[{"type":"Organization","body":[1,"r"]}]`, `[0].body: must be an object`},
		{`[{"type":"Apps","body":{"apps":{"x":"r"}}}]`, `[0].body.apps: the id "x" is not a number`},
		{`[{"type":"Apps","body":{"apps":{"-1":"r"}}}]`, `[0].body.apps: the id "-1" is not a number`},
		{`[{"type":"Apps","body":{"apps":{"18446744073709551616":"r"}}}]`, `is not a number of 64 bits`},
		{`[{"type":"Apps","body":{"apps":{"7":"r","07":"w"}}}]`, `[0].body.apps: the id "07" stands here twice`},
		{`[{"type":"Apps","body":{"apps":{"7":"q"}}}]`, `[0].body.apps["7"]: unknown action "q"`},
		{`[{"type":"Apps","body":{"apps":[7]}}]`, `[0].body.apps: must be an object`},
		{`[{"type":"Apps","body":{}}]`, `[0].body.apps: is missing`},
		{`[{"type":"Machines","body":{"machines":{"\ud800":"r"}}}]`, `half a surrogate pair`},
		{`[{"type":"ValidityWindow","body":{"not_before":5}}]`, `[0].body.not_after: is missing`},
		{`[{"type":"ValidityWindow","body":{"not_before":0,"not_after":9223372036854775808}}]`, `[0].body.not_after: must be between`},
		{`[{"type":"ValidityWindow","body":{"not_before":0,"not_after":"2026-11-23"}}]`, `[0].body.not_after: must be a whole number`},
		{`[{"type":"AllowedRoles","body":4294967296}]`, `[0].body: must be between 0 and 4294967295`},
		{`[{"type":"Mutations","body":{"mutations":[1]}}]`, `[0].body.mutations[0]: must be a string`},
		{`[{"type":"Commands","body":[{"args":["a"],"exact":"yes"}]}]`, `[0].body[0].exact: must be true or false`},
		{`[{"type":"IfPresent","body":{"ifs":[{"type":"Action","body":"z"}],"else":"r"}}]`, `[0].body.ifs[0].body: unknown action "z"`},
		{`[{"type":"IfPresent","body":{"ifs":[]}}]`, `[0].body.else: is missing`},
		{`[{"type":"3P","body":{"Location":"x","VerifierKey":"A","Ticket":""}}]`, `[0].body.VerifierKey: the base64 has 1 characters`},
		{`[{"type":"FlySrc","body":{}}]`, `[0].body: must name an organization, an app or an instance`},
		{`[{"type":"FlySrc","body":{"machine":"x"}}]`, `[0].body: unknown field "machine"`},
		{`[{"type":"IsUser","body":{"id":9}}]`, `[0].body: unknown field "id"`},
		{`[{"type":"ConfineUser","body":7}]`, `[0].body: must be an object`},
		{`[{"type":"ConfineGitHubOrg","body":"7"}]`, `[0].body: must be a whole number`},
		{`[{"type":"MaxValidity","body":-1}]`, `[0].body: must be between 0 and`},
		{`[{"type":"StorageObjects","body":{"prefixes":{}}}]`, `[0].body: unknown field "prefixes"`},
		{`[{"type":"GoogleUserID","body":"7"}]`, `[0].body: must be a whole number`},
		{`[{"type":"Own","body":{}}]`, `[0].type: unknown caveat type "Own"`},
		{`[{"type":"Nonsense","body":{}}]`, `[0].type: unknown caveat type "Nonsense"`},
		{`[{"type":"18446744073709551616","body":{}}]`, `[0].type: unknown caveat type`},
		{`[{"type":"4242","body":{"any":1}}]`, `[0].body: unknown field "any"`},
		{`[{"type":"4242","body":{"msgpack":""}}]`, `[0].body.msgpack: The bytes end after 0`},
		{`[{"type":"4242","body":{"msgpack":"wA=="}}]`, `[0].body.msgpack: Byte 0: expected a value that is not nil`},
		{`[{"type":"4242","body":{"msgpack":"wsI="}}]`, `[0].body.msgpack: Byte 1: the value ends here`},
	}
	for _, pair := range refused {
		add(pair[0], pair[1])
	}
	return out
}

func wireFromJSON(text string) (wire []byte) {
	defer func() {
		if recover() != nil {
			wire = nil
		}
	}()
	set := macaroon.NewCaveatSet()
	if err := json.Unmarshal([]byte(text), set); err != nil {
		return nil
	}
	wire, err := set.MarshalMsgpack()
	if err != nil {
		return nil
	}
	return wire
}
