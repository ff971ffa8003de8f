package checks

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
)

// redaction finds the secrets of a run, those included that became known during it.
type redaction struct {
	mu      sync.Mutex
	secrets []secret.String
	known   *secret.Known
}

// secrets are what no fact may hold: those of the target, of the proxies on the way, and the token that the run invented, if it did.
func (env *Env) secrets() []secret.String {
	secrets := slices.Concat(env.target.Secrets(), env.net.ProxySecrets())
	env.mu.Lock()
	defer env.mu.Unlock()
	if !env.invented.Value.IsZero() {
		secrets = append(secrets, env.invented.Value)
	}
	return secrets
}

// known finds the run's secrets as they are now.
func (env *Env) known() *secret.Known {
	r, secrets := &env.redaction, env.secrets()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || !slices.EqualFunc(r.secrets, secrets, secret.String.Equal) {
		r.secrets, r.known = secrets, secret.NewKnown(secrets...)
	}
	return r.known
}

// masker masks secrets in the answer to a request, which may have one that it invented for itself.
func (env *Env) masker(r portal.Request) func(string) string {
	secrets := env.secrets()
	for _, own := range r.Secrets() {
		if !own.IsZero() && !slices.ContainsFunc(secrets, own.Equal) {
			return secret.Masker(append(secrets, own)...)
		}
	}
	return env.known().MaskText
}

// redacted returns facts without the run's secrets. All facts and values for sentences pass it when a check hands them over, whatever
// their type, so that no field can be forgotten. Facts may be shared, therefore they are copied if there is anything to replace.
func redacted[F any](env *Env, facts F) F {
	known := env.known()
	if known.Number == 0 {
		return facts
	}
	if clean, changed := redact(known, reflect.ValueOf(&facts).Elem()); changed {
		return clean.Interface().(F)
	}
	return facts
}

// redactResults removes the run's secrets from what a check concluded of facts, which are clean.
func (env *Env) redactResults(results []Result, facts Facts) {
	for i := range results {
		r := &results[i]
		r.Args = redacted(env, r.Args)
		if r.Facts != facts {
			r.Facts = redacted(env, r.Facts)
		}
	}
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// redact returns v, or a copy of it without secrets. Fields that aren't exported stay: they leave a check nowhere.
func redact(known *secret.Known, v reflect.Value) (clean reflect.Value, changed bool) {
	t := v.Type()
	if t == reflect.TypeFor[time.Time]() {
		return v, false
	}
	if v.Kind() == reflect.Struct && t.Implements(textMarshaler) { // an IP address, with the name of a zone
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		return reflect.Zero(t), err != nil || known.Mask(string(text)) != string(text)
	}
	replace := func(by reflect.Value) {
		if !changed {
			clean, changed = reflect.New(t).Elem(), true
		}
		clean.Set(by)
	}
	switch v.Kind() {
	case reflect.String:
		if s := known.Mask(v.String()); s != v.String() {
			replace(reflect.ValueOf(s).Convert(t))
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			break
		}
		if inner, differs := redact(known, v.Elem()); differs {
			if v.Kind() == reflect.Pointer {
				pointer := reflect.New(t.Elem())
				pointer.Elem().Set(inner)
				inner = pointer
			}
			replace(inner)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !t.Field(i).IsExported() {
				continue
			}
			if field, differs := redact(known, v.Field(i)); differs {
				if !changed {
					replace(v)
				}
				clean.Field(i).Set(field)
			}
		}
	case reflect.Slice, reflect.Array:
		return redactList(known, v)
	case reflect.Map:
		return redactMap(known, v)
	}
	if !changed {
		return v, false
	}
	return clean, true
}

func redactList(known *secret.Known, v reflect.Value) (clean reflect.Value, changed bool) {
	t := v.Type()
	if v.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		data := v.Bytes()
		text := []byte(known.Mask(string(data)))
		if string(text) == string(data) {
			return v, false
		}
		if t == reflect.TypeFor[json.RawMessage]() && !json.Valid(text) {
			text = []byte("null")
		}
		return reflect.ValueOf(text).Convert(t), true
	}
	clean = v
	for i := range v.Len() {
		element, differs := redact(known, v.Index(i))
		if !differs {
			continue
		}
		if !changed {
			changed, clean = true, reflect.New(t).Elem()
			if v.Kind() == reflect.Slice {
				clean.Set(reflect.MakeSlice(t, v.Len(), v.Len()))
			}
			reflect.Copy(clean, v)
		}
		clean.Index(i).Set(element)
	}
	return clean, changed
}

func redactMap(known *secret.Known, v reflect.Value) (reflect.Value, bool) {
	clean, changed := reflect.MakeMapWithSize(v.Type(), v.Len()), false
	for rows := v.MapRange(); rows.Next(); {
		key, differs := redact(known, rows.Key())
		value, alsoDiffers := redact(known, rows.Value())
		changed = changed || differs || alsoDiffers
		clean.SetMapIndex(key, value)
	}
	if !changed {
		return v, false
	}
	return clean, true
}
