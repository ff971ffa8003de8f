package words

import (
	"maps"
	"slices"
)

// CommandNames are the names of command lines that texts may ask for.
func CommandNames() []string { return slices.Sorted(maps.Keys(commandLines)) }
