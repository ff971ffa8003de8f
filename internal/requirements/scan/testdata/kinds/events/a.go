package a

func handle(event string) {
	switch event {
	case "oncrmdealadd", "onTaskAdd":
	}
	bind("OnUserAdd")
}
