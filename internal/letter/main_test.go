package letter_test

import (
	"testing"

	"go.uber.org/goleak"

	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }
