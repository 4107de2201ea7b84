package main

import (
	"crypto/rand"
)

// feed stands in for the randomness of the system, so that what the library draws is known beforehand.
type feed struct {
	bytes []byte
	// short tells that more was drawn than there was.
	short bool
}

func (f *feed) Read(p []byte) (int, error) {
	n := copy(p, f.bytes)
	f.bytes = f.bytes[n:]
	if n < len(p) {
		f.short = true
		clear(p[n:])
	}
	return len(p), nil
}

// drawing runs something that draws exactly these bytes.
func drawing(bytes []byte, run func()) {
	source := &feed{bytes: bytes}
	system := rand.Reader
	rand.Reader = source
	defer func() { rand.Reader = system }()
	run()
	if source.short || len(source.bytes) > 0 {
		panic("another number of random bytes was drawn")
	}
}
