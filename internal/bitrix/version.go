package bitrix

import (
	"cmp"
	"strconv"
	"strings"
)

// CompareVersions compares two versions of Bitrix24 modules, such as 25.600.0
// and 25.1300.0, part by part as numbers: -1 if a is the older, 0 if they are
// the same, +1 if a is the newer. Parts that are missing, or not numbers, count
// as zero; use ValidVersion first where that matters.
func CompareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.ParseUint(x, 10, 31)
		n, _ := strconv.ParseUint(y, 10, 31)
		if c := cmp.Compare(m, n); c != 0 {
			return c
		}
	}
	return 0
}

// ValidVersion reports whether v is a version of a Bitrix24 module: two to
// four numbers with dots between them.
func ValidVersion(v string) bool {
	parts := strings.Split(v, ".")
	if len(parts) < 2 || len(parts) > 4 {
		return false
	}
	for _, p := range parts {
		if _, err := strconv.ParseUint(p, 10, 31); err != nil || strings.HasPrefix(p, "+") {
			return false
		}
	}
	return true
}

// VersionRange returns the narrowest range that can be proved for the version
// of a module from names of its methods that were seen present and absent on a
// portal: atLeast <= version < below, each "" if nothing bounds that side.
// atLeast itself may be a version known to lack a method that is present; the
// true version is then newer, by how much is not known.
//
// The names must be of one module. Names that the catalogue lacks are left out.
// What proves nothing is left out too: the absence of a deprecated method, which
// a newer version may have dropped, and of one that needs a second module. Nor
// is anything proved, and both results are "", by names of several modules or by
// names that contradict each other.
//
// Absent must mean that the portal's method.get denies the method's existence.
// Absence from the answer of `methods` is not that (see InMethodsList).
func VersionRange(present, absent []string) (atLeast, below string) {
	module := ""
	sameModule := func(m MethodInfo) bool {
		if module == "" {
			module = m.Module
		}
		return m.Module == module
	}
	for _, name := range present {
		m, ok := Method(name)
		if !ok {
			continue
		}
		if !sameModule(m) {
			return "", ""
		}
		for _, v := range []string{m.AbsentIn, m.Since()} {
			if v != "" && (atLeast == "" || CompareVersions(v, atLeast) > 0) {
				atLeast = v
			}
		}
	}
	for _, name := range absent {
		m, ok := Method(name)
		if !ok {
			continue
		}
		if !sameModule(m) {
			return "", ""
		}
		if m.Deprecated || m.AlsoNeeds() != nil {
			continue
		}
		for _, v := range []string{m.PresentIn, m.Since()} {
			if v != "" && (below == "" || CompareVersions(v, below) < 0) {
				below = v
			}
		}
	}
	if atLeast != "" && below != "" && CompareVersions(atLeast, below) >= 0 {
		return "", ""
	}
	return atLeast, below
}
