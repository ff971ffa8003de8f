package style_test

import (
	"os"
	"testing"

	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.M{M: m}.Run()) }
