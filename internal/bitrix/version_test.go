package bitrix

import (
	"slices"
	"testing"
)

func TestCompareVersions(t *testing.T) {
	ordered := []string{"", "17.0.8", "17.5.3", "20.0.500", "23.100.0", "25.25.5", "25.600.0", "25.600.100", "25.1300.0", "26.0"}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got := CompareVersions(a, b); got != want {
				t.Errorf("CompareVersions(%q, %q) = %d", a, b, got)
			}
		}
	}
	if CompareVersions("26", "26.0.0") != 0 || CompareVersions("26.0.0.1", "26.0.0") != 1 {
		t.Error("missing parts do not count as zero")
	}
}

func TestValidVersion(t *testing.T) {
	for v, want := range map[string]bool{
		"25.600.100": true, "26.0": true, "1.2.3.4": true,
		"": false, "25": false, "25.": false, ".25": false, "a.b": false, "25.-1": false, "25.+1": false,
		"1.2.3.4.5": false, "25.600.100 ": false, "25.99999999999": false, "rest-revision 30": false,
	} {
		if ValidVersion(v) != want {
			t.Errorf("ValidVersion(%q) = %v", v, !want)
		}
	}
}

func TestVersionRange(t *testing.T) {
	for _, c := range []struct {
		name            string
		present, absent []string
		atLeast, below  string
	}{
		{name: "nothing seen"},
		{name: "unknown names", present: []string{"no.such"}, absent: []string{"no.such.either"}},
		{name: "present", present: []string{"method.get"}, atLeast: "20.0.500"},
		{name: "absent", absent: []string{"METHOD.GET"}, below: "23.100.0"},
		{name: "the narrowest of several", present: []string{"app.info", "server.time", "event.offline.list"}, absent: []string{"method.get", "feature.get"}, atLeast: "17.5.3", below: "23.100.0"},
		{name: "always there says nothing", present: []string{"app.info"}},
		{name: "documented first version", present: []string{"landing.site.addFolder"}, atLeast: "21.800.0"},
		{name: "documented first version absent", absent: []string{"landing.site.addFolder"}, below: "21.800.0"},
		{name: "several modules", present: []string{"method.get", "landing.site.addFolder"}},
		{name: "several modules, one absent", present: []string{"method.get"}, absent: []string{"landing.site.addFolder"}},
		{name: "contradiction", present: []string{"method.get"}, absent: []string{"server.time"}},
		{name: "unknown name beside a known one", present: []string{"no.such", "method.get"}, atLeast: "20.0.500"},
		// It also needs rest 23.100.0, so its absence may be the fault of rest.
		{name: "needs a second module", absent: []string{"catalog.documentcontractor.add"}},
		{name: "needs a second module, present", present: []string{"catalog.documentcontractor.add"}, atLeast: "23.0.0"},
	} {
		atLeast, below := VersionRange(c.present, c.absent)
		if atLeast != c.atLeast || below != c.below {
			t.Errorf("%s: got [%q, %q), want [%q, %q)", c.name, atLeast, below, c.atLeast, c.below)
		}
	}
}

// For any version of a module, a portal that has exactly the methods it should
// have must be given a range that holds that version.
func TestVersionRangeContainsTheVersion(t *testing.T) {
	for _, module := range []string{"rest", "crm", "landing", "tasks", "catalog", "im"} {
		var versions []string
		for m := range Methods() {
			if m.Module == module {
				versions = append(versions, m.PresentIn, m.AbsentIn, m.Since())
			}
		}
		slices.Sort(versions)
		for _, v := range slices.Compact(versions) {
			if v == "" {
				continue
			}
			var present, absent []string
			for m := range Methods() {
				first := m.Since()
				switch {
				case m.Module != module || m.PresentIn == "":
					continue
				case first != "":
				case m.AbsentIn == "":
					continue
				default:
					first = m.PresentIn
				}
				if CompareVersions(v, first) >= 0 {
					present = append(present, m.Name)
				} else {
					absent = append(absent, m.Name)
				}
			}
			atLeast, below := VersionRange(present, absent)
			if atLeast != "" && CompareVersions(v, atLeast) < 0 || below != "" && CompareVersions(v, below) >= 0 {
				t.Errorf("%s %s: got [%q, %q)", module, v, atLeast, below)
			}
			if atLeast == "" && below == "" {
				t.Errorf("%s %s: no range", module, v)
			}
		}
	}
}

// Deprecated methods may be gone from a newer module, so their absence must
// not make it look old.
func TestVersionRangeIgnoresAbsentDeprecated(t *testing.T) {
	n := 0
	for m := range Methods() {
		if !m.Deprecated || m.PresentIn == "" {
			continue
		}
		n++
		if atLeast, below := VersionRange(nil, []string{m.Name}); atLeast != "" || below != "" {
			t.Errorf("%s: got [%q, %q)", m.Name, atLeast, below)
		}
	}
	if n == 0 {
		t.Error("no deprecated method with bounds")
	}
}
