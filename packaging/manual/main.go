// Manual writes BoxReady's manual pages into a folder, one for each command.
package main

import (
	"log"
	"os"

	"github.com/spf13/cobra/doc"

	"boxready/cli"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: manual VERSION FOLDER") // the pages have the date of SOURCE_DATE_EPOCH
	}
	root := cli.Commands(os.Args[1])
	root.DisableAutoGenTag = true
	header := doc.GenManHeader{Section: "1", Source: "BoxReady " + os.Args[1], Manual: "BoxReady"}
	if err := doc.GenManTree(root, &header, os.Args[2]); err != nil {
		log.Fatal(err)
	}
}
