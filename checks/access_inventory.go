package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// firstBatch holds the answers to a first batch, which several checks use.
type firstBatch struct {
	call    Call
	items   map[string]portal.BatchItem
	methods []string // looked up in the same batch
}

// The commands of the first batch. The portal refuses events to a webhook, and only that command.
var firstBatchCommands = []portal.Command{
	{Key: "profile", Method: "profile"},
	{Key: "admin", Method: "user.admin"},
	{Key: "granted", Method: "scope"},
	{Key: "provided", Method: "scope", Params: url.Values{"FULL": {"1"}}},
}

var eventsCommand = portal.Command{Key: "events", Method: "events", Params: url.Values{"FULL": {"1"}}}

func (env *Env) askFirstBatch(ctx context.Context) (*firstBatch, error) {
	return env.firstBatch.get(ctx, env, func(ctx context.Context) *firstBatch {
		by := env.credential()
		commands := slices.Clone(firstBatchCommands)
		if by == BySignIn {
			commands = append(commands, eventsCommand)
		}
		methods := env.target.methodsToAsk()
		methods = methods[:min(len(methods), portal.MaxBatch-len(commands))]
		b := &firstBatch{methods: methods}
		b.call, b.items = env.batch(ctx, by, append(commands, methodGetCommands(methods)...))
		return b
	})
}

// batch sends commands in one request. Items are nil without a complete answer.
func (env *Env) batch(ctx context.Context, by Credential, commands []portal.Command) (Call, map[string]portal.BatchItem) {
	form, err := portal.EncodeBatch(commands, false)
	if err != nil {
		panic(err) // names are plain, see methodsToAsk, and there are at most 50
	}
	call, a := env.call(ctx, by, "batch", form)
	if !call.answered() {
		return call, nil
	}
	items, err := portal.ReadBatch(a.Reply)
	if err != nil {
		call.Form = portal.FormOtherJSON // not an answer to a batch
	}
	for _, c := range commands {
		if e := items[c.Key].Error; e != nil {
			env.noteCommand(c.Method, e)
		}
	}
	return call, items
}

// command is the answer to one command of the batch: the batch's own, or the command's error.
func (b *firstBatch) command(key string) Call {
	for _, c := range append(slices.Clone(firstBatchCommands), eventsCommand) {
		if e := b.items[c.Key].Error; c.Key == key && e != nil {
			return b.call.refusedCommand(c.Method, e)
		}
	}
	return b.call
}

// refusedCommand is the call with the error of one of its commands.
func (c Call) refusedCommand(method string, e *portal.Error) Call {
	c.Command = method
	c.Request += " (" + method + ")"
	c.Error, c.ErrorDescription = short(e.Code), short(e.Description)
	return c
}

// refused are the commands whose error is about a licence.
func (b *firstBatch) refused() []Refusal {
	var refused []Refusal
	for _, c := range append(slices.Clone(firstBatchCommands), eventsCommand) {
		if e := b.items[c.Key].Error; e != nil && licenceFault(e.Code, e.Description) != nil {
			refused = append(refused, Refusal{b.call.Credential, c.Method, short(e.Code), short(e.Description)})
		}
	}
	for i := range b.methods {
		if e := b.items[fmt.Sprintf("m%d", i)].Error; e != nil && licenceFault(e.Code, e.Description) != nil {
			refused = append(refused, Refusal{b.call.Credential, ageMethod, short(e.Code), short(e.Description)})
			break // the others were refused alike
		}
	}
	if licenceFault(b.call.Error, b.call.ErrorDescription) != nil {
		refused = append(refused, Refusal{b.call.Credential, "batch", b.call.Error, b.call.ErrorDescription})
	}
	return refused
}

// names reads a list of names; nil if the command gave none.
func (b *firstBatch) names(key string) []string {
	result := b.items[key].Result
	var list []portal.Text
	if result == nil || json.Unmarshal(result, &list) != nil {
		var object portal.Map[portal.Text] // PHP encodes a list with a gap as an object
		if result == nil || object.UnmarshalJSON(result) != nil {
			return nil
		}
		for _, name := range object {
			list = append(list, name)
		}
	}
	names := []string{} // an empty list is an answer, unlike nil
	for _, name := range list {
		if name != "" {
			names = append(names, short(string(name)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// methodGetCommands returns commands that look up methods. The portal compares names in lower case.
func methodGetCommands(methods []string) []portal.Command {
	commands := make([]portal.Command, len(methods))
	for i, name := range methods {
		commands[i] = portal.Command{Key: fmt.Sprintf("m%d", i), Method: "method.get", Params: url.Values{"name": {name}}}
	}
	return commands
}

// MethodSeen is the portal's answer about one method.
type MethodSeen struct {
	Name      string `json:"name"`
	Existing  *bool  `json:"existing,omitempty"`  // absent: not in the answer
	Available *bool  `json:"available,omitempty"` // to the credential
	Probe     bool   `json:"probe,omitempty"`     // looked up only to determine a module's version
}

// inventory is the portal's answers about all methods that the run needs.
type inventory struct {
	credential Credential
	methods    []MethodSeen
	listed     []string // the answer of methods, where the portal has no method.get
	unanswered *Call    // the first call without an answer
	refused    *Call    // the first lookup that was refused
	rest3      *bool    // whether the portal has REST 3.0; nil if not asked or not known
}

// askInventory looks up every needed method, fifty a request, in the rest of the first batch and as many more as it takes.
func (env *Env) askInventory(ctx context.Context) (*inventory, error) {
	first, err := env.askFirstBatch(ctx)
	if err != nil {
		return nil, err
	}
	return env.inventory.get(ctx, env, func(ctx context.Context) *inventory {
		inv := &inventory{credential: first.call.Credential}
		names := env.target.methodsToAsk()
		if first.items == nil {
			inv.unanswered = &first.call
			return inv
		}
		inv.read(&first.call, first.methods, first.items)
		if inv.lacksMethodGet(first.items) {
			env.askList(ctx, inv)
			return inv
		}
		batches := slices.Collect(slices.Chunk(names[len(first.methods):], portal.MaxBatch))
		answers := make([]map[string]portal.BatchItem, len(batches))
		calls := make([]Call, len(batches))
		step := env.progress(RequiredModules, 1+len(batches)+env.target.rest3Requests())
		step()
		parallelN(len(batches), func(i int) {
			defer step()
			calls[i], answers[i] = env.batch(ctx, inv.credential, methodGetCommands(batches[i]))
		})
		for i, methods := range batches {
			inv.read(&calls[i], methods, answers[i])
			if answers[i] == nil && inv.unanswered == nil {
				inv.unanswered = &calls[i]
			}
		}
		env.askREST3(ctx, inv, step)
		return inv
	})
}

func (inv *inventory) read(call *Call, methods []string, items map[string]portal.BatchItem) {
	for i, name := range methods {
		if e := items[fmt.Sprintf("m%d", i)].Error; e != nil && inv.refused == nil {
			refused := call.refusedCommand(ageMethod, e)
			inv.refused = &refused
		}
		seen := MethodSeen{Name: name}
		var answer struct {
			Existing  *portal.Bool `json:"isExisting"`
			Available *portal.Bool `json:"isAvailable"`
		}
		if result := items[fmt.Sprintf("m%d", i)].Result; result != nil && json.Unmarshal(result, &answer) == nil {
			seen.Existing, seen.Available = (*bool)(answer.Existing), (*bool)(answer.Available)
		}
		inv.methods = append(inv.methods, seen)
	}
}

// lacksMethodGet reports whether the portal is too old for method.get (rest before 23.100.0).
func (inv *inventory) lacksMethodGet(items map[string]portal.BatchItem) bool {
	e := items["m0"].Error
	return e != nil && bitrix.SameCode(e.Code, bitrix.CodeMethodNotFound)
}

// askList gets an old portal's list of methods, which is incomplete.
func (env *Env) askList(ctx context.Context, inv *inventory) {
	call, a := env.call(ctx, inv.credential, "methods", url.Values{"FULL": {"1"}})
	list := firstBatch{items: map[string]portal.BatchItem{"methods": {Result: a.Result}}}
	if inv.listed = list.names("methods"); !call.answered() || inv.listed == nil {
		inv.unanswered = &call
		return
	}
	inv.methods = append(inv.methods, MethodSeen{Name: ageMethod, Existing: new(bool)})
}

// methodsToAsk returns the names for method.get: those required, and those that determine the age of modules.
func (t *Target) methodsToAsk() []string {
	var names []string
	asked := map[string]bool{}
	add := func(name string) {
		name = strings.ToLower(name)
		m, known := bitrix.Method(name)
		if !asked[name] && isMethodName(name) && !(known && m.OnlyREST3()) {
			asked[name] = true
			names = append(names, name)
		}
	}
	for _, name := range t.required().Methods {
		add(name)
	}
	for _, name := range t.probes() {
		add(name)
	}
	return names
}

// isMethodName reports whether a name can be a method's.
func isMethodName(name string) bool {
	return name != "" && len(name) <= 200 && strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789._") == ""
}

// inventoryDeadline is how long looking up all methods may take under the rate limit.
func inventoryDeadline(t *Target) time.Duration {
	return checkDeadline + paced(len(t.methodsToAsk())/portal.MaxBatch+t.rest3Requests())
}
