package gui

// Scenarios are the choices of the demo: the name of each and its faults behind it.
func Scenarios() (list [][]string) {
	for _, s := range scenarios {
		list = append(list, append([]string{s.id}, s.faults...))
	}
	return list
}
