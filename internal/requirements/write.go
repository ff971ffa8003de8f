package requirements

import (
	"bytes"
	"fmt"
	"strings"
)

// Write returns what is needed of the portal as a file. Names must be plain, as those of a file that was read are.
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
		demand := "installed"
		if m.AtLeast != "" {
			demand = `">=` + m.AtLeast + `"`
		}
		fmt.Fprintf(&file, "  %s: %s\n", m.Name, demand)
	}
	return file.Bytes()
}
