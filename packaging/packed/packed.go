// Package packed writes files as package assets carries them: compressed with gzip. The same input gives the same bytes with the same
// version of Go.
package packed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
)

// WriteFile writes data, compressed, into a file of the repository.
func WriteFile(file string, data []byte) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("compress %s: %w", file, err)
	}
	if _, err := z.Write(data); err != nil {
		return fmt.Errorf("compress %s: %w", file, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compress %s: %w", file, err)
	}
	return os.WriteFile(file, packed.Bytes(), 0o644) // #nosec G306 -- part of the repository
}
