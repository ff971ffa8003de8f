package checks

import (
	"context"

	"boxready/internal/bitrix"
)

// Causes of method-inventory.
const (
	CoreMethodMissing Cause = "core-method-missing"
	PlatformOutdated  Cause = "platform-outdated"
)

// coreMethods are looked up without credentials: the portal looks up the method before it authenticates the caller. No
// application works without the first two; the third shows the age of the rest module.
var coreMethods = []string{"batch", "event.bind", "method.get"}

const ageMethod = "method.get"

// InventoryFacts are which of the basic methods the portal has.
type InventoryFacts struct {
	Methods []MethodFacts `json:"methods"`
	// The provable range of the rest module's version: at least the first, below the second; "" is open.
	RestAtLeast string `json:"rest_at_least,omitempty"`
	RestBelow   string `json:"rest_below,omitempty"`
	Unverified  bool   `json:"unverified,omitempty"`
}

// MethodFacts are the answer about one method.
type MethodFacts struct {
	Name    string `json:"name"`
	Present *bool  `json:"present,omitempty"` // absent: not known
	Exchange
}

func observeInventory(ctx context.Context, env *Env) (*InventoryFacts, error) {
	f := &InventoryFacts{Methods: make([]MethodFacts, len(coreMethods)), Unverified: env.unverified()}
	parallelN(len(coreMethods), func(i int) {
		r := methodRequest(coreMethods[i])
		m := MethodFacts{Name: coreMethods[i], Exchange: *env.exchange(r, env.ask(ctx, r))}
		m.Present = m.shows()
		f.Methods[i] = m
	})
	var present, absent []string
	for _, m := range f.Methods {
		switch {
		case m.Present == nil:
		case *m.Present:
			present = append(present, m.Name)
		default:
			absent = append(absent, m.Name)
		}
	}
	f.RestAtLeast, f.RestBelow = bitrix.VersionRange(present, absent)
	return f, nil
}

// shows reports whether the method is there, nil if the answer doesn't show it. The portal looks up the method before it
// authenticates the caller, so any refusal but one shows it; a failure comes before or after.
func (m *MethodFacts) shows() *bool {
	meaning := m.meaning(bitrix.AtLookup)
	if !m.refused() || meaning == nil || meaning.At(bitrix.AtLookup) != bitrix.Accepted {
		return nil
	}
	present := meaning.Name != "no-method"
	return &present
}

func judgeInventory(f *InventoryFacts, _ FactsByCheck) []Result {
	var results []Result
	var missing []string
	var unclear *MethodFacts
	for i, m := range f.Methods {
		switch {
		case m.Present == nil:
			if unclear == nil {
				unclear = &f.Methods[i]
			}
		case *m.Present:
		case m.Name == ageMethod:
			results = append(results, notice(PlatformOutdated, PortalAdmin).with(Args{"below": f.RestBelow}))
		default:
			missing = append(missing, m.Name)
		}
	}
	if missing != nil {
		results = append(results, problem(CoreMethodMissing, PortalAdmin).with(Args{"methods": missing}))
	}
	if missing == nil && unclear != nil {
		results = append(results, refusal(bitrix.AtLookup, &unclear.Exchange)...)
	}
	return orOK(results)
}
