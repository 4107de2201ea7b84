package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/superfly/macaroon/tp"
)

// What a holder came to: the header with all that was fetched, or why not.
type held struct {
	UserURL string `json:"user_url,omitempty"`
	Header  string `json:"header,omitempty"`
	Error   string `json:"error,omitempty"`
	Needs   bool   `json:"needs"`
}

// hold fetches the discharges of the header that it reads, with the library's own client. Where a person has to
// confirm, it writes the address as a line of its own, and goes on to poll.
func hold(location string, interactive bool, in io.Reader, out io.Writer) error {
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	write := json.NewEncoder(out).Encode

	options := []tp.ClientOption{
		tp.WithPollingBackoff(func(time.Duration) time.Duration { return 50 * time.Millisecond }),
	}
	if interactive {
		options = append(options, tp.WithUserURLCallback(func(_ context.Context, url string) error {
			return write(held{UserURL: url, Needs: true})
		}))
	}
	client := tp.NewClient(location, options...)

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	header, err := client.FetchDischargeTokens(ctx, strings.TrimSpace(line))
	answer := held{Header: header}
	if err != nil {
		answer.Error = err.Error()
	}
	if needs, err := client.NeedsDischarge(header); err != nil {
		answer.Error = err.Error()
	} else {
		answer.Needs = needs
	}
	return write(answer)
}
