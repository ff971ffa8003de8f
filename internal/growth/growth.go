// Package growth says for benchmarks how a cost grows.
package growth

import "math"

// Exponent is the e for which costs grow most nearly with the e-th power of sizes: by least squares, both on logarithmic scales. Of a
// cost that is a constant and a share of the size it is less than 1.
func Exponent(sizes []int, costs []float64) float64 {
	var n, sx, sy, sxx, sxy float64
	for i := range sizes {
		x, y := math.Log(float64(sizes[i])), math.Log(costs[i])
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}
