package requirements

import (
	"bytes"
	"fmt"
	"strings"
)

// Write returns the scopes, methods, events and modules of r as a file. Names must be valid, as in a file that Read accepts.
func Write(r *Requirements) []byte {
	var file bytes.Buffer
	file.WriteString("boxready: 1\n")
	for _, list := range []struct {
		key   string
		names []string
	}{{"scopes", r.Scopes}, {"methods", r.Methods}, {"events", r.Events}} {
		if list.names != nil {
			fmt.Fprintf(&file, "%s: [%s]\n", list.key, strings.Join(list.names, ", "))
		}
	}
	if r.Modules != nil {
		file.WriteString("modules:\n")
	}
	for _, m := range r.Modules {
		constraint := "installed"
		if m.AtLeast != "" {
			constraint = `">=` + m.AtLeast + `"`
		}
		fmt.Fprintf(&file, "  %s: %s\n", m.Name, constraint)
	}
	return file.Bytes()
}
