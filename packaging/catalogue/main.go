// Command catalogue writes this repository's methods, events and hosts as a list for "boxready catalogue update", not signed.
// packaging/README.md says how it is signed and published.
//
//	go run ./packaging/catalogue FILE
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"boxready/internal/bitrix"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("catalogue: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: catalogue FILE")
	}
	packed, date, err := pack("internal/bitrix/data")
	if err == nil {
		err = os.WriteFile(os.Args[1], packed, 0o644) // #nosec G306 G703 -- to be published; the maintainer names it
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: as of %s, %d bytes\n", os.Args[1], date, len(packed))
}

// pack returns the list made of the files in a folder, and its date.
func pack(data string) (packed []byte, date string, err error) {
	file, err := os.Open(data + "/catalogue.tsv.gz") // #nosec G304 -- part of the repository
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	table, err := gzip.NewReader(file)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, "", err
	}
	if _, err := io.Copy(z, table); err != nil { // #nosec G110 -- part of the repository
		return nil, "", err
	}
	for _, e := range bitrix.Endpoints() {
		// Servers for secrets are code, and lists of each portal's own have no hosts.
		hosts := slices.DeleteFunc(slices.Clone(e.Hosts), func(h string) bool {
			return bitrix.IsAuthHost(h) || strings.HasPrefix(h, "@") || !strings.ContainsAny(h, "abcdefghijklmnopqrstuvwxyz") || strings.Count(h, ".") < 3 && strings.HasPrefix(h, "*")
		})
		if len(hosts) == 0 {
			continue
		}
		row, err := json.Marshal(bitrix.HostRow{ID: e.ID, Pack: e.Pack, Regions: e.Regions, Hosts: hosts, Ports: e.Ports, Directions: e.Directions,
			Mark: e.Mark, Source: e.Source, Date: e.Date})
		if err != nil {
			return nil, "", err
		}
		if _, err := fmt.Fprintf(z, "H\t%s\n", row); err != nil {
			return nil, "", err
		}
	}
	if err := z.Close(); err != nil {
		return nil, "", err
	}
	renewal, err := bitrix.ParseRenewal(b.Bytes())
	if err != nil {
		return nil, "", errors.Join(errors.New("BoxReady wouldn't take this list"), err)
	}
	return b.Bytes(), renewal.Date(), nil
}
