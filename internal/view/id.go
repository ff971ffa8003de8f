package view

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"time"
)

// noLookalikes is the alphabet of Crockford's base32, without letters that are taken for digits: the ID is read out on the phone.
var noLookalikes = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

// RunID is a short name of a run, eight letters and digits, the same in all that is made of the run, now and later. It follows from the
// run's times to the millisecond, as reports have them: from the portal's name, too, it could be guessed which portal a report is about
// that hides it.
func RunID(started, finished time.Time) string {
	const exact = "2006-01-02T15:04:05.000Z"
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s", started.UTC().Format(exact), finished.UTC().Format(exact)))
	return noLookalikes.EncodeToString(sum[:5])
}
