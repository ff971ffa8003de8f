package a

const users = "user.get"

var names = []string{"department.get", "event.bind"}
var bind, x = "placement.bind", "user.update"
