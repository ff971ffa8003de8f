package serverprobe

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"

	"boxready/internal/secret"
)

// Bounds of what anyone reads.
const (
	maxText = 1000 // characters
	maxList = 1000 // elements

	maxChain = 6 // certificates
)

// tidy keeps an answer within bounds, and takes out what looks like a credential: a script prints none, but a message may
// repeat what a stranger's server said.
func (a *Answer) tidy() {
	// Certificates are neither.
	for i := range a.Hosts {
		h := &a.Hosts[i]
		h.Chain = h.Chain[:min(len(h.Chain), maxChain)]
		// A shell leaves it to us to understand what the authorization server said.
		var said struct {
			Error string `json:"error"`
		}
		if h.HTTP != nil && h.HTTP.Error == "" && json.Unmarshal([]byte(h.HTTP.Body), &said) == nil && said.Error != "" {
			h.HTTP.Error, h.HTTP.Body = said.Error, ""
		}
	}
	tidy(reflect.ValueOf(a).Elem())
}

func tidy(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(clip(secret.Mask(v.String())))
	case reflect.Pointer:
		if !v.IsNil() {
			tidy(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		if v.Len() > maxList {
			v.SetLen(maxList)
		}
		for i := range v.Len() {
			tidy(v.Index(i))
		}
	case reflect.Map:
		kept := reflect.MakeMap(v.Type())
		for rows := v.MapRange(); rows.Next() && kept.Len() < maxList; {
			kept.SetMapIndex(reflect.ValueOf(clip(rows.Key().String())), reflect.ValueOf(clip(secret.Mask(rows.Value().String()))))
		}
		if !v.IsNil() {
			v.Set(kept)
		}
	case reflect.Struct:
		if v.Type().PkgPath() == "time" {
			return
		}
		for i := range v.NumField() {
			tidy(v.Field(i))
		}
	}
}

func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if utf8.RuneCountInString(s) <= maxText {
		return s
	}
	return string([]rune(s)[:maxText])
}
