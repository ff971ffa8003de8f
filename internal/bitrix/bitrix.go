// Package bitrix holds what is known about Bitrix24 itself, as embedded data:
// the hosts that a self-hosted portal connects to, the error codes that it and the
// authorization server answer with, and the catalogue of REST methods, events,
// scopes and the module versions that brought them.
//
// The package uses no network and no files and imports no other package of
// this program. Tables are parsed on first use, never at start.
package bitrix
