package checks

import (
	"slices"
	"strings"
)

// subjectArgs are the values for sentences that say what a finding is about, one or a list. Of some only the first word is: what it has
// stands behind it, "rest < 21.0.0".
var subjectArgs = map[string]struct{ firstWord bool }{
	"applications": {}, "dead": {}, "error": {}, "handlers": {}, "hosts": {}, "interceptor": {}, "log_hosts": {}, "lost": {}, "low": {true}, "methods": {}, "missing": {}, "modules": {true},
	"names": {}, "other": {}, "pages": {}, "sharing": {},
}

// Subjects returns what a finding is about, sorted: hosts, methods, modules, the code of a refusal, certificates by their SHA-256. nil stands for the portal as
// a whole. With one more, a finding of the same cause is worse; a certificate alone may only have been renewed.
func (r Result) Subjects() (subjects []string) {
	args := r.Args
	if f, ok := r.Facts.(*TLSFacts); ok {
		subjects, args = f.certificatesWith(r.Cause), nil
	}
	for name, arg := range subjectArgs {
		if r.Check == ServerProbe && name == "names" { // the portal's
			continue
		}
		list, _ := args[name].([]string)
		if one, _ := args[name].(string); one != "" {
			list = []string{one}
		}
		for _, subject := range list {
			if arg.firstWord {
				subject, _, _ = strings.Cut(subject, " ")
			}
			subjects = append(subjects, subject)
		}
	}
	slices.Sort(subjects)
	return slices.Compact(subjects)
}

// certificatesWith are those with a fault.
func (f *TLSFacts) certificatesWith(cause Cause) (found []string) {
	for i := range f.Addresses {
		s := &f.Addresses[i]
		if len(s.Chain) > 0 && slices.ContainsFunc(f.judge(s), func(r Result) bool { return r.Cause == cause }) {
			found = append(found, s.Chain[0].SHA256)
		}
	}
	return found
}
