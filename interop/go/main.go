// Command interop is the Go side of the comparison with superfly/macaroon.
//
//	interop vectors DIR           writes the test vectors into DIR
//	interop generate SEED COUNT   prints COUNT random tokens, one JSON object per line
//	interop judge                 answers questions, one JSON object per line, from standard input
//	interop hold LOCATION [ask]   fetches the discharges of the header on standard input; with ask, of persons too
//	interop play                  plays the cases of interop/compare.ts, one JSON object per line, from standard input
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "vectors":
		return writeVectors(args[1])
	case len(args) == 3 && args[0] == "generate":
		seed, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return generate(seed, count)
	case len(args) == 1 && args[0] == "judge":
		return judge(os.Stdin, os.Stdout)
	case len(args) >= 2 && len(args) <= 3 && args[0] == "hold":
		return hold(args[1], len(args) == 3 && args[2] == "ask", os.Stdin, os.Stdout)
	case len(args) == 1 && args[0] == "play":
		return play(os.Stdin, os.Stdout)
	}
	return fmt.Errorf("usage: interop vectors DIR | generate SEED COUNT | judge | hold LOCATION [ask] | play")
}

func writeVectors(dir string) error {
	files := map[string]any{
		"caveats.json":     caveatVectors(),
		"caveat-json.json": jsonVectors(),
		"tokens.json":      tokenVectors(),
		"nonces.json":      nonceVectors(),
		"attenuation.json": attenuationVectors(),
		"clearing.json":    clearingVectors(),
		"headers.json":     headerVectors(),
		"refused.json":     refusedVectors(),
		"discharges.json":  dischargeVectors(),
		"tickets.json":     ticketVectors(),
		"third-party.json": thirdPartyVectors(),
	}
	for name, value := range files {
		if err := writeFile(filepath.Join(dir, name), value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// writeFile puts every element of a list on its own line, so that changes are easy to read.
func writeFile(path string, value any) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	defer out.Flush()

	items, ok := value.([]any)
	if !ok {
		line, err := marshal(value)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", line)
		return err
	}
	fmt.Fprintln(out, "[")
	for i, item := range items {
		line, err := marshal(item)
		if err != nil {
			return err
		}
		comma := ","
		if i == len(items)-1 {
			comma = ""
		}
		fmt.Fprintf(out, "%s%s\n", line, comma)
	}
	fmt.Fprintln(out, "]")
	return nil
}

func marshal(value any) ([]byte, error) {
	return json.Marshal(value)
}
