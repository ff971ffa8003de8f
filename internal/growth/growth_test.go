package growth_test

import (
	"math"
	"testing"

	"boxready/internal/growth"
)

func TestExponent(t *testing.T) {
	sizes := []int{10, 100, 1000, 5000}
	for _, want := range []float64{0, 0.5, 1, 2} {
		var costs []float64
		for _, n := range sizes {
			costs = append(costs, 7*math.Pow(float64(n), want))
		}
		if got := growth.Exponent(sizes, costs); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v, expected %v", got, want)
		}
	}
}
